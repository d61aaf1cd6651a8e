// Map and list side by side, one question, one address.
/* global L */
import { makeMap } from "./basemap.js";
import { startOverlays } from "./overlays.js";
import { Points } from "./points.js";
import { restoreSurface, startSurface, surfaceState } from "./surface.js";
import { ask, fillForm, filterOnly, onQuestion, onReturn, queryOfForm, tell } from "./answer.js";

const root = document.getElementById("explorer");
const answer = document.getElementById("answer");
const element = document.getElementById("map");
const views = [...document.querySelectorAll(".switch button")];
const BRANDENBURG = [[51.36, 11.27], [53.56, 14.77]];

const map = makeMap(element);
const points = new Points(choose);
let listQuery = new URLSearchParams(); // filter, order and page, without place and selection
let loaded = null; // the filter whose points are on the map
let question = 0;
let turn = 0;
let quiet = true; // while a state is being restored the address stays as it is
let waiting = null; // bounds to show as soon as the map is visible
let opener = null;

// --- the address -----------------------------------------------------------------------------------------------------

function withoutPlace(query) {
  const kept = new URLSearchParams(query);
  for (const name of ["at", "sel", "view", "surface"]) kept.delete(name);
  return kept;
}

function stateQuery() {
  const query = new URLSearchParams(listQuery);
  if (map.getSize().x) {
    const centre = map.getCenter();
    query.set("at", `${map.getZoom()}/${centre.lat.toFixed(4)}/${centre.lng.toFixed(4)}`);
  }
  if (points.chosen()) query.set("sel", points.chosen());
  if (document.body.classList.contains("shows-list")) query.set("view", "list");
  if (surfaceState()) query.set("surface", surfaceState());
  return query;
}

function note() {
  if (!quiet) tell(stateQuery(), "replaceState");
}

// --- question and answer ---------------------------------------------------------------------------------------------

async function loadPoints(query, fit, from = "") {
  const filter = filterOnly(query).toString();
  if (filter === loaded) return;
  const mine = question;
  const got = await fetch(from || `${root.dataset.points}?${filter}`);
  if (!got.ok) return;
  const columns = await got.json();
  if (mine !== question) return; // a later question was asked meanwhile
  loaded = filter;
  points.show(columns);
  const box = points.bounds();
  if (fit && box && filter) show(box);
  element.dataset.shown = points.size();
}

function show(box) {
  const [left, low] = matchMedia("(max-width: 43.74em)").matches ? [30, 110] : [60, 130]; // buttons above, legend or bar below
  if (map.getSize().x) map.fitBounds(box, { paddingTopLeft: [left, 60], paddingBottomRight: [30, low], maxZoom: 13 });
  else waiting = box;
}

async function put(query, { push = true, fit = true } = {}) {
  question += 1;
  listQuery = withoutPlace(query);
  if (push) {
    quiet = true; // the state that is left keeps its selection
    map.closePopup();
    quiet = false;
    tell(stateQuery(), "pushState");
  }
  const [answered] = await Promise.all([ask(listQuery), loadPoints(listQuery, fit && !listQuery.has("bbox"))]);
  return answered;
}

onQuestion(async (query, link) => {
  if ((await put(query)) && link?.rel) document.querySelector(".answer-pane").scrollTo({ top: 0 });
});

onReturn(async (query) => {
  quiet = true;
  fillForm(query);
  setView(query.get("view") === "list" ? "list" : "map");
  map.closePopup();
  if (!goTo(query)) map.fitBounds(BRANDENBURG, { animate: false });
  if (!(await put(query, { push: false, fit: false }))) return;
  await restoreSurface(query.get("surface"));
  await select(query.get("sel"));
  quiet = false;
});

function goTo(query) {
  const at = (query.get("at") ?? "").split("/").map(Number);
  if (at.length !== 3 || !at.every(Number.isFinite)) return false;
  map.setView([at[1], at[2]], at[0], { animate: false });
  return true;
}

// --- one vacancy -----------------------------------------------------------------------------------------------------

async function choose(keys, at, { focus = true } = {}) {
  turn += 1;
  const mine = [turn, question].join();
  const parts = await Promise.all(keys.slice(0, 8).map(async (key) => {
    const got = await fetch(root.dataset.card.replace("KEY", key));
    return got.ok ? got.text() : "";
  }));
  if (mine !== [turn, question].join()) return;
  const body = document.createElement("div");
  for (const text of parts) body.append(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  map.closePopup();
  opener = document.activeElement === document.body ? element : document.activeElement;
  points.choose(keys[0]);
  const popup = L.popup({ maxWidth: 300, autoPanPadding: [20, 60] }).setLatLng(at).setContent(body).openOn(map);
  popup.getElement().setAttribute("role", "dialog");
  popup.getElement().setAttribute("aria-label", body.querySelector("h2")?.textContent ?? "");
  popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", element.dataset.close);
  if (focus) popup.getElement().querySelector("a[href]")?.focus({ preventScroll: true });
  markCard(keys[0]);
  note();
}

async function select(key) {
  const at = key && points.position(key);
  if (at) await choose([key], at, { focus: false });
}

function markCard(key) {
  for (const card of answer.querySelectorAll(".card")) {
    const is = card.dataset.key === key;
    card.classList.toggle("is-chosen", is);
    if (is) card.scrollIntoView({ block: "nearest" });
  }
}

map.on("popupclose", ({ popup }) => {
  points.choose("");
  markCard("");
  note();
  const inside = popup.getElement()?.contains(document.activeElement) || document.activeElement === document.body;
  if (inside) opener?.focus({ preventScroll: true });
});
map.on("moveend", note);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") map.closePopup();
});
for (const [type, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  answer.addEventListener(type, (event) => {
    const card = event.target.closest(".card");
    if (card) points.light(on ? card.dataset.key : "");
  });
}

// --- buttons ---------------------------------------------------------------------------------------------------------

document.getElementById("whole").addEventListener("click", () => map.fitBounds(BRANDENBURG));
document.getElementById("search-here").addEventListener("click", () => {
  const b = map.getBounds();
  const query = queryOfForm();
  query.set("bbox", [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(4)).join(","));
  fillForm(query);
  put(query);
});

function setView(view) {
  document.body.classList.toggle("shows-list", view === "list");
  for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  if (view !== "map") return;
  map.invalidateSize({ animate: false, pan: false });
  if (waiting && map.getSize().x) {
    map.fitBounds(waiting, { padding: [10, 10], maxZoom: 13, animate: false });
    waiting = null;
  }
}
for (const button of views) {
  button.addEventListener("click", () => {
    setView(button.dataset.view);
    note();
  });
}
if (matchMedia("(max-width: 43.74em)").matches) document.getElementById("legend").open = false;

// --- the first view --------------------------------------------------------------------------------------------------

const start = new URLSearchParams(location.search);
listQuery = withoutPlace(start);
const placed = goTo(start);
if (!placed) {
  map.fitBounds(BRANDENBURG, { animate: false });
  if (!map.getSize().x) waiting = BRANDENBURG;
}
map.addLayer(points);
startSurface(map, note);
startOverlays(map);
await loadPoints(start, !placed, root.dataset.pointsNow);
await restoreSurface(start.get("surface"));
await select(start.get("sel"));
quiet = false;
