// The charts of an answer. A new answer brings them folded and empty: they are asked for when somebody looks at them, and
// stand then as they were left, with the same tables unfolded and the focus on the same bar.
const answer = document.getElementById("answer");
const open = new Map();
let used = "";

const folded = (parent) => parent.querySelectorAll(".pictures, .pictures details");
const remember = ({ target }) => {
  if (target.matches(".pictures, .pictures details")) open.set(target.id, target.open);
};

function restore() {
  for (const part of folded(answer)) part.open = open.get(part.id) ?? false;
  if (used) answer.querySelector(`a[data-bar="${CSS.escape(used)}"]`)?.focus({ preventScroll: true });
}

async function fill() {
  const empty = answer.querySelector(".pictures:not(:has(.chart))");
  if (!empty?.open || empty.dataset.asked) return;
  empty.dataset.asked = "1";
  const got = await fetch(location.pathname + location.search, { headers: { "X-Part": "pictures" } });
  if (!got.ok || !empty.isConnected) return; // a newer answer brings its own
  const parsed = new DOMParser().parseFromString(await got.text(), "text/html");
  if (!empty.isConnected || !parsed.querySelector(".chart")) return;
  empty.replaceWith(parsed.querySelector(".pictures"));
  restore();
  used = "";
}

for (const part of folded(answer)) open.set(part.id, part.open);
answer.addEventListener("toggle", (event) => {
  remember(event);
  fill();
}, true);
answer.addEventListener("click", ({ target }) => {
  used = target.closest("[data-bar]")?.dataset.bar ?? "";
}, true);
new MutationObserver(() => {
  restore();
  fill();
}).observe(answer, { childList: true });
