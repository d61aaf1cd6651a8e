// Map and list side by side, one question, one address.
/* global L */
import { makeMap } from "./basemap.js";
import { Points } from "./points.js";
import { ask, fillForm, filterOnly, form, onQuestion, queryOfForm } from "./answer.js";

const root = document.getElementById("explorer");
const answer = document.getElementById("answer");
const BRANDENBURG = [[51.36, 11.27], [53.56, 14.77]];
document.documentElement.classList.add("js");
if (matchMedia("(max-width: 1079px)").matches) document.getElementById("filters").open = false;

const map = makeMap(document.getElementById("map"));
const points = new Points(choose);
let asked = "";
let quiet = false;
let listQuery = new URLSearchParams(location.search);

function address(query) {
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";").replaceAll("%2F", "/");
  return text ? `?${text}` : location.pathname;
}

function stateQuery() {
  const query = new URLSearchParams(listQuery);
  const centre = map.getCenter();
  query.set("at", `${map.getZoom()}/${centre.lat.toFixed(4)}/${centre.lng.toFixed(4)}`);
  for (const name of ["sel", "view"]) query.delete(name);
  if (points._chosen) query.set("sel", points._chosen);
  if (document.body.classList.contains("shows-list")) query.set("view", "list");
  return query;
}

async function loadPoints(query, fit) {
  const filter = filterOnly(query).toString();
  const got = await fetch(`${root.dataset.points}?${filter}`);
  if (!got.ok) return;
  points.show(await got.json());
  const box = points.bounds();
  if (fit && box && filter) map.fitBounds(box, { padding: [40, 40], maxZoom: 13 });
  document.getElementById("map").dataset.shown = points._columns.keys.length;
}

async function question(query, { push = true, fit = true } = {}) {
  listQuery = new URLSearchParams(query);
  for (const name of ["at", "sel", "view"]) listQuery.delete(name);
  if (push) history.pushState(null, "", address(stateQuery()));
  const filter = filterOnly(listQuery).toString();
  const changed = filter !== asked;
  asked = filter;
  await Promise.all([ask(listQuery), changed ? loadPoints(listQuery, fit && !listQuery.has("bbox")) : null]);
  const n = [...filterOnly(listQuery).keys()].length;
  const badge = document.getElementById("filter-count");
  if (badge) badge.textContent = n || "";
  document.title = `${document.querySelector("#answer h1").textContent} – Raumwohlstand`;
}

onQuestion((query, link) => {
  question(query);
  if (link?.rel) document.querySelector(".answer-pane").scrollTo({ top: 0 });
});

async function choose(keys, at) {
  const body = document.createElement("div");
  for (const key of keys.slice(0, 8)) {
    const got = await fetch(root.dataset.card.replace("KEY", key));
    if (got.ok) body.append(...new DOMParser().parseFromString(await got.text(), "text/html").body.childNodes);
  }
  points.choose(keys[0]);
  quiet = true;
  const popup = L.popup({ maxWidth: 300, autoPanPadding: [20, 60] }).setLatLng(at).setContent(body).openOn(map);
  const close = popup.getElement().querySelector(".leaflet-popup-close-button");
  close.setAttribute("aria-label", map.getContainer().dataset.close);
  popup.getElement().querySelector("a[href]")?.focus({ preventScroll: true });
  markCard(keys[0]);
  history.replaceState(null, "", address(stateQuery()));
  quiet = false;
}

function markCard(key) {
  for (const card of answer.querySelectorAll(".card")) {
    const is = card.dataset.key === key;
    card.classList.toggle("is-chosen", is);
    if (is) card.scrollIntoView({ block: "nearest" });
  }
}

map.on("popupclose", () => {
  if (quiet) return;
  points.choose("");
  markCard("");
  history.replaceState(null, "", address(stateQuery()));
});
map.on("moveend", () => history.replaceState(history.state, "", address(stateQuery())));
for (const [type, key] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  answer.addEventListener(type, (event) => {
    const card = event.target.closest(".card");
    if (card) points.light(key ? card.dataset.key : "");
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") map.closePopup();
});

document.getElementById("whole").addEventListener("click", () => map.fitBounds(BRANDENBURG));
document.getElementById("search-here").addEventListener("click", () => {
  const b = map.getBounds();
  const query = queryOfForm();
  const box = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(4)).join(",");
  query.set("bbox", box);
  fillForm(query);
  question(query);
});
for (const button of document.querySelectorAll(".switch button")) {
  button.addEventListener("click", () => {
    document.body.classList.toggle("shows-list", button.dataset.view === "list");
    for (const b of document.querySelectorAll(".switch button")) b.setAttribute("aria-pressed", String(b === button));
    if (button.dataset.view === "map") map.invalidateSize();
    history.replaceState(null, "", address(stateQuery()));
  });
}
addEventListener("popstate", () => {
  const query = new URLSearchParams(location.search);
  fillForm(query);
  question(query, { push: false, fit: false });
  goTo(query);
});

function goTo(query) {
  const at = (query.get("at") ?? "").split("/").map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) map.setView([at[1], at[2]], at[0]);
  else return false;
  return true;
}

const start = new URLSearchParams(location.search);
const placed = goTo(start);
if (!placed) map.fitBounds(BRANDENBURG);
map.addLayer(points);
asked = filterOnly(start).toString();
for (const name of ["at", "sel", "view"]) listQuery.delete(name);
loadPoints(start, !placed).then(() => {
  const key = start.get("sel");
  const at = key && points.position(key);
  if (at) choose([key], at);
});
form.querySelector("button[type=submit]").addEventListener("click", () => {
  if (matchMedia("(max-width: 1079px)").matches) document.getElementById("filters").open = false;
});
