// Map and list side by side, one question, one address.
/* global L */
import { makeMap } from "./basemap.js";
import { Hits, isLate, onRetry, surely, tried, upToDate } from "./hits.js";
import { Points } from "./points.js";
import { cardsOf, openPopup } from "./popup.js";
import { showView, startSheet, viewNow } from "./sheet.js";
import { firstRows, sketched } from "./sketch.js";
import { ask, fillForm, filterOnly, form, onQuestion, onReturn, queryOfForm, opened, showCounts, tell, withoutPlace } from "./answer.js";

const root = document.getElementById("explorer");
const answer = document.getElementById("answer");
const element = document.getElementById("map");
const inView = document.getElementById("in-view");
const BRANDENBURG = [[51.36, 11.27], [53.56, 14.77]];

const settings = JSON.parse(document.getElementById("map-settings").textContent);
const hits = settings.far ? new (await import("./far.js")).FarHits(settings) : new Hits(settings);
const map = makeMap(element);
const points = new Points((rows, place) => clicked(rows, place), settings);
hits.load();
let listQuery = new URLSearchParams(); // filter, order and page, without place and selection
let shown = null; // the filter whose hits are on the map
let chosenKey = "";
let question = 0;
let turn = 0;
let quiet = true; // while a state is being restored the address stays as it is
let waiting = null; // bounds to show as soon as the map is visible
let opener = null;
let surface = null; // the module behind the panel of travel times
let area = null; // the module behind the panel of areas
let overlays = null; // the module behind the panel of layers

// --- the address -----------------------------------------------------------------------------------------------------

function stateQuery() {
  const query = new URLSearchParams(listQuery);
  if (map.getSize().x) {
    const centre = map.getCenter();
    query.set("at", `${map.getZoom()}/${centre.lat.toFixed(4)}/${centre.lng.toFixed(4)}`);
  }
  if (chosenKey) query.set("sel", chosenKey);
  if (viewNow() !== "map") query.set("view", viewNow());
  if (surface?.surfaceState()) query.set("surface", surface.surfaceState());
  if (overlays?.layersState()) query.set("layers", overlays.layersState());
  return query;
}

function note() {
  if (!quiet) tell(stateQuery(), "replaceState");
}

// --- question and answer ---------------------------------------------------------------------------------------------

// Map, counts and the head of the list, from the columns; nothing is asked of the server but words it alone can look up.
// Where the rows have changed since, nothing is shown: the next answer names the new ones.
const showHits = (query, fit) => tried(hits, () => showNow(query, fit));

// All other columns, and with them the counts beside all options.
async function showRest() {
  const before = hits.table;
  await tried(hits, () => hits.more());
  if (hits.table === before && !hits.isFar) await showHits(listQuery, false);
}

async function showNow(query, fit) {
  const mine = question;
  const filter = filterOnly(query).toString();
  const found = await hits.ask(filterOnly(query), points.view());
  if (mine !== question || !found) return; // a later question was asked meanwhile, or the server has something to say
  if (found.spots) points.showSpots(found.spots, found.low);
  else if (filter !== shown || hits.isFar) points.show(hits.table, found.rows);
  const box = filter !== shown && fit && filter ? (found.box ? points.box(found.box) : points.bounds()) : null;
  if (box) show(box);
  showCounts(found.counts);
  if (shown !== null && !hits.isFar && !query.has("after") && !query.has("before")) sketch(query, found.rows);
  shown = filter;
  element.dataset.shown = found.total ?? found.rows.length;
  upToDate();
  tellInView();
  await showArea(query);
}

function sketch(query, rows) {
  const order = settings.orders[query.get("sort") ?? ""] ?? Object.values(settings.orders)[0];
  const first = firstRows(hits.table, rows, order, hits.table.keys);
  const cards = answer.querySelector(".cards");
  if (!first || !cards || answer.getAttribute("aria-busy") !== "true") return;
  const n = rows.length.toLocaleString(document.documentElement.lang);
  document.querySelector("#count strong").textContent = settings.words[rows.length === 1 ? "one" : "many"].replace("{n}", n);
  cards.replaceChildren(...sketched(hits.table, first, settings, form));
}

function show(box, animate) {
  const [left, top, low] = matchMedia("(max-width: 43.74em)").matches ? [20, 155, 40] : [60, 150, 100]; // buttons above, legend below
  if (map.getSize().x) map.fitBounds(box, { paddingTopLeft: [left, top], paddingBottomRight: [20, low], maxZoom: 13, animate });
  else waiting = box;
}

async function put(query, { how = "pushState", fit = true } = {}) {
  question += 1;
  listQuery = withoutPlace(query);
  if (how) {
    quiet = true; // the state that is left keeps its selection
    map.closePopup();
    quiet = false;
    tell(stateQuery(), how);
  }
  const asked = ask(listQuery); // sets the list to busy before the sketch is drawn
  const [answered] = await Promise.all([asked, showHits(listQuery, fit && !listQuery.has("bbox"))]);
  const now = answer.querySelector("[data-snapshot]")?.dataset.snapshot;
  if (answered === null) isLate();
  else if (answered && now !== hits.address) await renew(now, listQuery);
  return answered;
}

// Rows changed since the page was opened: take the new ones.
async function renew(folder, query) {
  hits.load(folder);
  shown = null;
  await showHits(query, false);
  if (hits.address) await showRest();
}

// Ask the same question again: of the rows as they are now.
const askAgain = () => put(listQuery, { how: "", fit: false });
onRetry(async () => {
  await askAgain();
  if (hits.address) showRest();
});

onQuestion(async (query, how, link) => {
  if ((await put(query, { how })) && link?.rel) document.querySelector(".answer-pane").scrollTo({ top: 0 });
});

onReturn(async (query) => {
  quiet = true;
  area?.stop();
  fillForm(query);
  setView(query.get("view") ?? "map");
  map.closePopup();
  if (!goTo(query)) show(BRANDENBURG, false);
  if ((await put(query, { how: "", fit: false })) !== false) await restore(query);
});

// What belongs to the page alone: surface, layers, selection. What cannot be had is left out.
async function restore(query) {
  await Promise.allSettled([showSurface(query.get("surface")), showLayers(query.get("layers"))]);
  await select(query.get("sel"));
  quiet = false;
}

function goTo(query) {
  const at = (query.get("at") ?? "").split("/").map(Number);
  if (at.length !== 3 || !at.every(Number.isFinite)) return false;
  map.setView([at[1], at[2]], at[0], { animate: false });
  return true;
}

// --- one vacancy -----------------------------------------------------------------------------------------------------

// Rows were clicked; where they have changed since, what lies at the same place now.
const clicked = (rows, place) => surelyAt(place, () => chooseRows(rows, place));
const surelyAt = (place, work) => surely(hits, work, askAgain, () => chooseRows(points.rowsAt(place), place));

async function chooseRows(rows, place) {
  const keys = await hits.keys();
  if (rows.length) await choose(rows.map((row) => keys[row]), place);
}

async function choose(keys, place, { focus = true } = {}) {
  turn += 1;
  const mine = [turn, question].join();
  const body = await cardsOf(keys, root.dataset.card, settings.words.more, (work) => surelyAt(place, work));
  if (mine !== [turn, question].join()) return;
  map.closePopup();
  opener = document.activeElement === document.body ? element : document.activeElement;
  chosenKey = keys[0];
  points.choose(place);
  const popup = openPopup(map, points.latLng(place), body, element.dataset.close);
  if (focus) popup.querySelector("a[href]")?.focus({ preventScroll: true });
  markCard(keys[0]);
  note();
}

// One vacancy, and with it all others of the answer that lie at its place.
async function select(key) {
  if (!key) return;
  await surely(hits, async () => {
    const place = await hits.place(key);
    if (!place) return;
    const keys = await hits.keys();
    await choose([key, ...points.rowsAt(place).map((row) => keys[row]).filter((other) => other !== key)], place, { focus: false });
  }, askAgain);
}

function markCard(key) {
  for (const card of answer.querySelectorAll(".card")) {
    const is = card.dataset.key === key;
    card.classList.toggle("is-chosen", is);
    if (is) card.scrollIntoView({ block: "nearest" });
  }
}

map.on("popupclose", ({ popup }) => {
  points.choose(null);
  chosenKey = "";
  markCard("");
  note();
  const inside = popup.getElement()?.contains(document.activeElement) || document.activeElement === document.body;
  if (inside) opener?.focus({ preventScroll: true });
});
map.on("moveend", () => {
  note();
  if (hits.isFar && shown !== null) showHits(listQuery, false);
  tellInView();
  if (!follow.checked || quiet) return;
  const query = queryOfForm();
  query.set("bbox", frame());
  fillForm(query);
  put(query, { how: "", fit: false }).then(note); // moving the map is no step of its own
});

// How many of the hits lie in the part of the map that is seen.
function tellInView() {
  const n = points.inView();
  const all = Number(element.dataset.shown);
  inView.textContent = n === null || !all || n === all ? "" : inView.dataset.words.replace("{n}", n.toLocaleString(document.documentElement.lang)).replace("{all}", all.toLocaleString(document.documentElement.lang));
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") map.closePopup();
});
for (const [type, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  answer.addEventListener(type, async (event) => {
    const card = event.target.closest(".card");
    if (card?.dataset.key) points.light(on ? await hits.place(card.dataset.key).catch(() => null) : null);
  });
}

// --- buttons ---------------------------------------------------------------------------------------------------------

document.getElementById("whole").addEventListener("click", () => show(BRANDENBURG));
const frame = () => {
  const b = map.getBounds();
  return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(4)).join(",");
};
const follow = document.getElementById("follow");
document.getElementById("search-here").addEventListener("click", () => change({ bbox: frame(), near: null, polygon: null }));
follow.addEventListener("change", () => {
  if (follow.checked) change({ bbox: frame(), near: null, polygon: null });
});

// What lies behind a panel is loaded once.
const later = (load, begun = null) => () => (begun ??= load().catch(() => {
  begun = null;
  isLate();
}));
const beginSurface = later(async () => {
  surface = await import("./surface.js");
  surface.startSurface(map, note);
});
const beginArea = later(async () => {
  area = await import("./area.js");
  area.startArea(map, change);
});
const beginLayers = later(async () => {
  overlays = await import("./overlays.js");
  overlays.startOverlays(map, note);
});

// Change parameters of the question; null takes one away.
function change(parameters) {
  const query = queryOfForm();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  fillForm(query);
  put(query);
}

async function showArea(query) {
  if (["near", "polygon", "bbox"].some((name) => query.has(name))) await beginArea();
  area?.showArea(query);
}

async function showSurface(text) {
  if (text) await beginSurface();
  await surface?.restoreSurface(text);
}

async function showLayers(text) {
  if (text) await beginLayers();
  await overlays?.restoreLayers(text);
}

function setView(view) {
  showView(view);
  if (view === "list") return;
  map.invalidateSize({ animate: false });
  if (waiting && map.getSize().x) {
    show(waiting, false);
    waiting = null;
  }
}
startSheet((view) => {
  setView(view);
  note();
});
document.getElementById("legend").open = matchMedia("(min-width: 43.75em) and (min-height: 37em)").matches;

// --- the first view --------------------------------------------------------------------------------------------------

const start = opened();
listQuery = withoutPlace(start);
const placed = goTo(start);
if (!placed) {
  map.fitBounds(BRANDENBURG, { animate: false }); // a map that is not seen has a place, too
  show(BRANDENBURG, false);
}
map.addLayer(points);
// What lies behind the panels is loaded when one is opened, or when the address asks for it.
for (const [name, begin] of [["surface", beginSurface], ["area", beginArea], ["layers", beginLayers]]) {
  document.getElementById(name).addEventListener("toggle", begin);
}
await showHits(start, !placed);
if (!hits.address) await put(listQuery, { how: "", fit: !placed });
showRest();
await restore(start);
