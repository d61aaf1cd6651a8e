// The map inside somebody else's page: hits and their cards. The wheel and one finger go on scrolling the page around it.
/* global L */
import { makeMap } from "./basemap.js";
import { Hits } from "./hits.js";
import { Points } from "./points.js";

const element = document.getElementById("map");
const settings = JSON.parse(document.getElementById("map-settings").textContent);
const hits = settings.far ? new (await import("./far.js")).FarHits(settings) : new Hits(settings);
const map = makeMap(element, { scrollWheelZoom: false, dragging: !matchMedia("(pointer: coarse)").matches });
const points = new Points(async (rows, place) => show((await hits.keys()).filter((_key, i) => rows.includes(i)), place), settings);
map.fitBounds([[51.36, 11.27], [53.56, 14.77]], { animate: false });
map.addLayer(points);

await hits.load();
const query = new URLSearchParams(element.dataset.filter);
const draw = async (fit) => {
  const found = await hits.ask(query, points.view());
  if (found.spots) points.showSpots(found.spots, found.low);
  else points.show(hits.table, found.rows);
  const box = found.box ? points.box(found.box) : points.bounds();
  if (fit && box) map.fitBounds(box, { padding: [30, 30], maxZoom: 13, animate: false });
  element.dataset.shown = found.total ?? found.rows.length;
};
await draw(Boolean(element.dataset.filter));
if (hits.isFar) map.on("moveend", () => draw(false));

async function show(keys, place) {
  const parts = await Promise.all(keys.slice(0, 8).map(async (key) => {
    const card = await fetch(element.dataset.card.replace("KEY", key));
    return card.ok ? card.text() : "";
  }));
  const body = document.createElement("div");
  for (const text of parts) body.append(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const popup = L.popup({ maxWidth: 300 }).setLatLng(points.latLng(place)).setContent(body).openOn(map);
  popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", element.dataset.close);
  popup.getElement().querySelector("a[href]")?.focus({ preventScroll: true });
}
