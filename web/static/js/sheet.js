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
  grip.addEventListener("pointerdown", (event) => {
    [from, moved] = [event.clientY, 0];
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointermove", (event) => {
    if (grip.hasPointerCapture(event.pointerId)) moved = event.clientY - from;
  });
  grip.addEventListener("click", () => {
    const at = STOPS.indexOf(viewNow());
    const step = Math.abs(moved) > 30 ? -Math.sign(moved) : at === 2 ? -2 : 1; // a plain click goes round
    moved = 0;
    changed(STOPS[Math.max(0, Math.min(2, at + step))]);
  });
}
