// Filter and answer: the address holds the whole state; the server's answer replaces the list, counts stand beside options.

export const form = document.getElementById("filter-form");
const answer = document.getElementById("answer");
const OF_THE_PLACE = ["at", "sel", "view", "surface", "layers"];
const OF_THE_PAGE = [...OF_THE_PLACE, "sort", "after", "before"];
const NOT_IN_THE_FORM = ["near", "bbox", "polygon", "sort"];
let running = null;
let told = location.search; // the question that the page shows
let wait = 0;
let typedIn = null; // the field whose text the last question came from

export function address(query) {
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : location.pathname;
}

// Put a state into the address: as a further step (pushState) or in place of the last one (replaceState), as always where the
// question is the same.
export function tell(query, how) {
  const same = String(withoutPlace(query)) === String(withoutPlace(location.search));
  history[same ? "replaceState" : how](null, "", address(query));
  arrive();
}

// The page shows what the address says; the other language leads to the same.
function arrive() {
  told = location.search;
  for (const link of document.querySelectorAll("a[data-keeps-all]")) link.search = told;
}

// What the page was opened with, in the server's words: it reads "TRUE", "C," and "１" as well, and here there is one way to say it.
export function opened() {
  const given = new URLSearchParams(location.search);
  const query = new URLSearchParams(answer.querySelector(".answer-head").dataset.filter);
  const other = String(filterOnly(given)) !== String(query);
  for (const name of OF_THE_PAGE) if (given.get(name)) query.set(name, given.get(name));
  if (other) {
    history.replaceState(null, "", address(query) + location.hash);
    arrive();
  }
  return query;
}

// Call back when a person goes back or forward. A jump within the page, as the skip link makes, is told as well and asks nothing.
export function onReturn(callback) {
  addEventListener("popstate", () => {
    if (location.search === told) return;
    clearTimeout(wait);
    typedIn = null;
    arrive();
    callback(new URLSearchParams(told));
  });
}

export function queryOfForm() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (String(value).trim() && name !== "view") query.append(name, value);
  return query;
}

const without = (names) => (query) => {
  const kept = new URLSearchParams(query);
  for (const name of names) kept.delete(name);
  return kept;
};
export const filterOnly = without(OF_THE_PAGE);
export const withoutPlace = without(OF_THE_PLACE);

export function fillForm(query) {
  for (const old of form.querySelectorAll("input[type=hidden]")) old.remove();
  const keep = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  for (const box of [...form.elements]) { // the form grows by what is kept
    if (!box.name) continue;
    const values = query.getAll(box.name).flatMap((v) => v.split(","));
    if (box.type === "checkbox") box.checked = values.includes(box.value) || (box.value === "1" && values[0] === "true");
    else if (box.type === "radio") box.checked = (values[0] ?? "") === box.value;
    else if (box.type === "select-one") {
      box.value = values[0] ?? "";
      for (const value of values.slice(1)) keep(box.name, value);
    } else box.value = query.getAll(box.name).join();
    if (box.name && values.length && box.value) box.closest("details")?.setAttribute("open", "");
  }
  for (const name of NOT_IN_THE_FORM) if (query.get(name)) keep(name, query.get(name));
}

// Ask for the answer to a query; a later question overtakes an earlier one, which then returns false. null: the
// server was not reached, and the page stays.
export async function ask(query) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  answer.setAttribute("aria-busy", "true");
  try {
    const got = await fetch(`${form.action}?${query}`, { signal, headers: { "X-Part": "answer" } });
    if (got.status > 499) throw new Error(got.status);
    if (!got.ok) {
      location.assign(`?${query}`); // the page itself says what is wrong
      return false;
    }
    const holdsFocus = answer.contains(document.activeElement);
    const parsed = new DOMParser().parseFromString(await got.text(), "text/html");
    answer.replaceChildren(...parsed.body.childNodes);
    if (holdsFocus) goOnAtHeading();
  } catch (problem) {
    return problem.name === "AbortError" ? false : null;
  }
  answer.removeAttribute("aria-busy");
  showAnswer(query);
  document.getElementById("live").textContent = document.getElementById("count").textContent.trim();
  return true;
}

// What had the focus is gone with the old answer: go on at the head of the new one.
function goOnAtHeading() {
  const heading = answer.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

// What the page says about the answer outside the answer: title, counts, links that carry the filter along.
export function showAnswer(query) {
  const head = answer.querySelector(".answer-head");
  document.title = head.dataset.title;
  for (const button of document.querySelectorAll("[data-show-hits]")) button.textContent = head.dataset.show;
  const n = new Set(filterOnly(query).keys()).size;
  for (const badge of document.querySelectorAll("[data-filter-count]")) badge.textContent = n || "";
  document.getElementById("filters").classList.toggle("has-filter", n > 0);
  const filter = address(filterOnly(query));
  for (const link of document.querySelectorAll("[data-keeps-filter]")) link.href = new URL(link.href).pathname + (filter[0] === "?" ? filter : "");
  showCounts(JSON.parse(document.getElementById("hits").textContent));
}

// The hits beside the options.
export function showCounts(counts) {
  for (const [name, options] of Object.entries(counts)) {
    const field = form.querySelector(`[data-name="${name}"]`);
    for (const shown of field?.querySelectorAll("[data-hits]") ?? []) {
      const count = options[shown.dataset.hits];
      if (count === undefined) continue;
      const text = count.toLocaleString(document.documentElement.lang);
      if (shown.textContent !== text) shown.textContent = text;
      shown.closest(".option").classList.toggle("none", count === 0);
    }
  }
}

// Call back with the new query when a filter or a link of the answer changes it, and with how the address tells of it: what is
// typed into one field, pauses and all, is one step.
export function onQuestion(callback) {
  const soon = (delay, field = null) => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      const how = field && field === typedIn ? "replaceState" : "pushState";
      typedIn = delay && field === document.activeElement ? field : null;
      callback(queryOfForm(), how);
    }, delay);
  };
  const now = (query, link) => {
    clearTimeout(wait);
    typedIn = null;
    fillForm(query);
    callback(query, "pushState", link);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    closeFilters();
    soon(0, typedIn); // the end of what was typed
  });
  form.addEventListener("focusout", () => { typedIn = null; });
  form.addEventListener("input", (event) => {
    const { target } = event;
    if (target.type === "select-one") for (const more of form.querySelectorAll(`input[type=hidden][name="${target.name}"]`)) more.remove();
    const isTyped = ["search", "number", "text", "date"].includes(target.type);
    if (form.checkValidity()) soon(isTyped ? 400 : 0, isTyped ? target : null);
  });
  form.querySelector(".reset").addEventListener("click", (event) => {
    event.preventDefault();
    now(new URLSearchParams());
  });
  answer.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-soft]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    now(new URL(link.href).searchParams, link);
  });
}

// On narrow screens the filters are a sheet: it takes the focus, the page behind it rests, Escape and two buttons close it.
const opener = document.getElementById("filter-button");
const rest = () => [...document.querySelectorAll(".top, .answer-pane, .map-pane, .bottom, .switch, .skip")];

function openFilters() {
  document.body.classList.add("filters-open");
  opener.setAttribute("aria-expanded", "true");
  for (const part of rest()) part.inert = true;
  document.getElementById("filter-close").focus();
}

export function closeFilters() {
  if (!document.body.classList.contains("filters-open")) return;
  document.body.classList.remove("filters-open");
  opener.setAttribute("aria-expanded", "false");
  for (const part of rest()) part.inert = false;
  opener.focus();
}

opener.addEventListener("click", openFilters);
document.getElementById("filter-close").addEventListener("click", closeFilters);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeFilters();
});
matchMedia("(min-width: 67.5em)").addEventListener("change", closeFilters);
