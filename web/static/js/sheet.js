// On a phone the list is a sheet over the map with three stops: its head, half, all. Buttons set them; the grip can be dragged.

const STOPS = ["map", "both", "list"];
const buttons = [...document.querySelectorAll(".switch button")];
const grip = document.getElementById("grip");

export const viewNow = () => STOPS.find((view) => document.body.classList.contains(`shows-${view}`)) ?? "map";

export function showView(view) {
  for (const one of STOPS) document.body.classList.toggle(`shows-${one}`, one === view);
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.view === view));
}

// changed(view): called when a person chose another stop.
export function startSheet(changed) {
  for (const button of buttons) button.addEventListener("click", () => changed(button.dataset.view));
  let from = 0;
  let moved = 0;
  const go = (step) => changed(STOPS[Math.max(0, Math.min(2, STOPS.indexOf(viewNow()) + step))]);
  grip.addEventListener("pointerdown", (event) => {
    [from, moved] = [event.clientY, 0];
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointerup", (event) => {
    moved = event.clientY - from;
    if (Math.abs(moved) > 30) go(-Math.sign(moved));
  });
  grip.addEventListener("click", ({ detail }) => { // follows a drag by the mouse, not by touch; a key has no detail
    if (!detail || Math.abs(moved) <= 30) go(viewNow() === "list" ? -2 : 1); // a plain click goes round
  });
}
