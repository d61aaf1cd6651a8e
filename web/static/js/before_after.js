// One picture slides over the other: by the slider, which the keyboard moves, or by drawing across the pictures.
export function compare(figure) {
  const frame = figure.querySelector(".frame");
  const slider = figure.querySelector("input[type=range]");
  const show = () => {
    figure.style.setProperty("--at", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", figure.dataset.said.replace("{n}", slider.value).replace("{m}", 100 - slider.value));
  };
  const follow = (event) => {
    const { left, width } = frame.getBoundingClientRect();
    slider.value = String(Math.round((100 * (event.clientX - left)) / width));
    show();
  };
  slider.addEventListener("input", show);
  frame.addEventListener("pointerdown", (event) => {
    frame.setPointerCapture(event.pointerId);
    follow(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) follow(event);
  });
  for (const picture of frame.querySelectorAll("img")) picture.draggable = false;
  figure.querySelector(".control").hidden = false;
  figure.classList.add("is-live");
  show();
}

for (const figure of document.querySelectorAll(".before-after")) compare(figure);
