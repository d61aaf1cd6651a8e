// Filter and answer: the address holds the whole state; the server's answer replaces the list, counts stand beside options.

export const form = document.getElementById("filter-form");
const answer = document.getElementById("answer");
const PAGE = ["after", "before"];
let running = null;

export function queryOfForm() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (String(value).trim()) query.append(name, value);
  return query;
}

export function fillForm(query) {
  for (const box of form.elements) {
    if (!box.name) continue;
    const values = query.getAll(box.name).flatMap((v) => v.split(","));
    if (box.type === "checkbox") box.checked = values.includes(box.value) || (box.value === "1" && values[0] === "true");
    else if (box.type === "radio") box.checked = (values[0] ?? "") === box.value;
    else if (box.type !== "hidden") box.value = query.get(box.name) ?? "";
  }
  for (const old of form.querySelectorAll("input[type=hidden]")) old.remove();
  for (const name of ["near", "bbox", "polygon", "sort"]) {
    if (!query.get(name)) continue;
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name, value: query.get(name) });
    form.append(kept);
  }
}

export function filterOnly(query) {
  const kept = new URLSearchParams(query);
  for (const name of ["sort", "at", "sel", "view", ...PAGE]) kept.delete(name);
  return kept;
}

// Ask for the answer to a query; a later question overtakes an earlier one.
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
    const parsed = new DOMParser().parseFromString(await got.text(), "text/html");
    answer.replaceChildren(...parsed.body.childNodes);
    showHits();
    announce();
    return true;
  } catch (problem) {
    if (problem.name !== "AbortError") location.assign(`?${query}`);
    return false;
  } finally {
    if (!signal.aborted) answer.removeAttribute("aria-busy");
  }
}

function showHits() {
  const hits = JSON.parse(document.getElementById("hits").textContent);
  for (const [name, options] of Object.entries(hits)) {
    for (const [value, n] of Object.entries(options)) {
      const shown = form.querySelector(`[data-name="${name}"] [data-hits="${value}"]`);
      if (!shown) continue;
      shown.textContent = n.toLocaleString(document.documentElement.lang);
      shown.closest(".option").classList.toggle("none", n === 0);
    }
  }
}

function announce() {
  let live = document.getElementById("live");
  if (!live) {
    live = Object.assign(document.createElement("p"), { id: "live", className: "sr" });
    live.setAttribute("role", "status");
    document.body.append(live);
  }
  live.textContent = document.getElementById("count").textContent.trim();
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
    if (form.reportValidity()) soon(0);
  });
  form.addEventListener("input", (event) => {
    if (form.checkValidity()) soon(["search", "number", "text"].includes(event.target.type) ? 400 : 0);
  });
  form.querySelector(".reset").addEventListener("click", (event) => {
    event.preventDefault();
    fillForm(new URLSearchParams());
    callback(new URLSearchParams());
  });
  answer.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-soft]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const query = new URLSearchParams(new URL(link.href).search);
    fillForm(query);
    callback(query, link);
  });
}
