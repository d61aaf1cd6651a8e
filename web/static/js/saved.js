// Searches kept in this browser, without an account: the filter, its sentence, the day. What is new since then is one link away.
import { address, filterOnly } from "./answer.js";

const PLACE = "saved-searches";
const MOST = 20;
const box = document.getElementById("saved");
const list = box.querySelector("ul");

function kept() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) ?? [];
  } catch {
    return []; // no storage, or somebody else's words in it
  }
}

function keep(searches) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(searches.slice(0, MOST)));
  } catch {
    box.hidden = true;
  }
  show();
}

function show() {
  const searches = kept();
  box.hidden = !searches.length;
  list.replaceChildren(...searches.map(({ query, name, day }, i) => {
    const item = document.createElement("li");
    const link = (text, search) => Object.assign(document.createElement("a"), { textContent: text, href: address(search) });
    const since = new URLSearchParams(query);
    since.set("verified_since", day);
    const away = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "×" });
    away.setAttribute("aria-label", `${box.dataset.remove}: ${name}`);
    away.addEventListener("click", () => keep(searches.filter((_s, at) => at !== i)));
    item.append(link(name, new URLSearchParams(query)), " ", link(box.dataset.since.replace("{day}", new Date(day).toLocaleDateString(document.documentElement.lang, { timeZone: "UTC" })), since), " ", away);
    return item;
  }));
}

// The button stands in the answer, which is replaced: one listener for all of them.
document.getElementById("answer").addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-search]");
  if (!button) return;
  const query = filterOnly(new URLSearchParams(location.search)).toString();
  const name = document.querySelector("#answer h1").textContent.trim();
  keep([{ query, name, day: button.dataset.saveSearch }, ...kept().filter((s) => s.query !== query)]);
  button.textContent = box.dataset.done;
});
show();
