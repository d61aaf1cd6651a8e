// The charts stay as they were left when a new answer takes their place: folded or not, and with the focus on the same bar.
const answer = document.getElementById("answer");
const open = new Map();
let used = "";

const folded = (parent) => parent.querySelectorAll(".pictures, .pictures details");

for (const part of folded(answer)) open.set(part.id, part.open);
answer.addEventListener("toggle", ({ target }) => {
  if (target.matches(".pictures, .pictures details")) open.set(target.id, target.open);
}, true);
answer.addEventListener("click", ({ target }) => {
  used = target.closest("[data-bar]")?.dataset.bar ?? "";
}, true);

new MutationObserver(() => {
  for (const part of folded(answer)) part.open = open.get(part.id) ?? false;
  if (!used) return;
  answer.querySelector(`a[data-bar="${CSS.escape(used)}"]`)?.focus({ preventScroll: true });
  used = "";
}).observe(answer, { childList: true });
