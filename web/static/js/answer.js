// Filter and answer: the address holds the whole state; the server's answer replaces the list, counts stand beside options.

export const form = document.getElementById("filter-form");
const answer = document.getElementById("answer");
const OF_THE_PAGE = ["sort", "at", "sel", "view", "after", "before", "surface"];
const NOT_IN_THE_FORM = ["near", "bbox", "polygon", "sort"];
let running = null;
let told = location.search; // the question that the page shows

export function address(query) {
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : location.pathname;
}

// Put a state into the address: as a further step (pushState) or in place of the last one (replaceState).
export function tell(query, how) {
  history[how](null, "", address(query));
  told = location.search;
}

// Call back when a person goes back or forward. A jump within the page, as the skip link makes, is told as well and asks nothing.
export function onReturn(callback) {
  addEventListener("popstate", () => {
    if (location.search === told) return;
    told = location.search;
    callback(new URLSearchParams(told));
  });
}

export function queryOfForm() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (String(value).trim() && name !== "view") query.append(name, value);
  return query;
}

export function filterOnly(query) {
  const kept = new URLSearchParams(query);
  for (const name of OF_THE_PAGE) kept.delete(name);
  return kept;
}

export function fillForm(query) {
  for (const old of form.querySelectorAll("input[type=hidden]")) old.remove();
  const keep = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  for (const box of form.elements) {
    if (!box.name) continue;
    const values = query.getAll(box.name).flatMap((v) => v.split(","));
    if (box.type === "checkbox") box.checked = values.includes(box.value) || (box.value === "1" && values[0] === "true");
    else if (box.type === "radio") box.checked = (values[0] ?? "") === box.value;
    else if (box.type === "select-one") {
      box.value = values[0] ?? "";
      for (const value of values.slice(1)) keep(box.name, value);
    } else box.value = query.get(box.name) ?? "";
    if (box.name && values.length && box.value) box.closest("details")?.setAttribute("open", "");
  }
  for (const name of NOT_IN_THE_FORM) if (query.get(name)) keep(name, query.get(name));
}

// Ask for the answer to a query; a later question overtakes an earlier one, which then returns false.
export async function ask(query) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  answer.setAttribute("aria-busy", "true");
  try {
    const got = await fetch(`${form.action}?${query}`, { signal, headers: { "X-Part": "answer" } });
    if (!got.ok) {
      location.assign(`?${query}`); // the page itself says what is wrong
      return false;
    }
    const holdsFocus = answer.contains(document.activeElement);
    const parsed = new DOMParser().parseFromString(await got.text(), "text/html");
    answer.replaceChildren(...parsed.body.childNodes);
    if (holdsFocus) goOnAtHeading();
  } catch (problem) {
    if (problem.name !== "AbortError") location.assign(`?${query}`);
    return false;
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
  const whole = address(query);
  for (const link of document.querySelectorAll("a[data-keeps-all]")) link.href = link.pathname + (whole[0] === "?" ? whole : "");
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

// Call back with the new query when a filter or a link of the answer changes it.
export function onQuestion(callback) {
  let wait = 0;
  const soon = (delay) => {
    clearTimeout(wait);
    wait = setTimeout(() => callback(queryOfForm()), delay);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    closeFilters();
    soon(0);
  });
  form.addEventListener("input", (event) => {
    const { target } = event;
    if (target.type === "select-one") for (const more of form.querySelectorAll(`input[type=hidden][name="${target.name}"]`)) more.remove();
    if (form.checkValidity()) soon(["search", "number", "text", "date"].includes(target.type) ? 400 : 0);
  });
  form.querySelector(".reset").addEventListener("click", (event) => {
    event.preventDefault();
    clearTimeout(wait);
    fillForm(new URLSearchParams());
    callback(new URLSearchParams());
  });
  answer.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-soft]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    clearTimeout(wait);
    const query = new URLSearchParams(new URL(link.href).search);
    fillForm(query);
    callback(query, link);
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
