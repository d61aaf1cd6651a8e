// Ticks of a checklist stay in this browser alone; nothing is sent.
const list = document.getElementById("checklist");
const key = `checklist:${list.dataset.key}`;
const state = document.getElementById("checklist-state");
const boxes = [...list.querySelectorAll("input[type=checkbox]")];

function kept() {
  try {
    return new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
  } catch {
    return new Set(); // storage is shut, or holds something else
  }
}

function tell() {
  const done = boxes.filter((box) => box.checked).length;
  state.textContent = state.dataset.said.replace("{n}", done).replace("{m}", boxes.length);
}

const ticked = kept();
for (const box of boxes) box.checked = ticked.has(box.value);
tell();
list.addEventListener("change", () => {
  try {
    localStorage.setItem(key, JSON.stringify(boxes.filter((box) => box.checked).map((box) => box.value)));
  } catch {
    // ticks then last as long as the page
  }
  tell();
});
