// The map inside somebody else's page: hits and their cards. The wheel and one finger go on scrolling the page around it.
/* global L */
import { makeMap } from "./basemap.js";
import { Hits } from "./hits.js";
import { Points } from "./points.js";

const element = document.getElementById("map");
const map = makeMap(element, { scrollWheelZoom: false, dragging: !matchMedia("(pointer: coarse)").matches });
const settings = JSON.parse(document.getElementById("map-settings").textContent);
const hits = new Hits(settings);
const points = new Points(async (rows, at) => show((await hits.keys()).filter((_key, i) => rows.includes(i)), at), settings.classes);
map.fitBounds([[51.36, 11.27], [53.56, 14.77]], { animate: false });
map.addLayer(points);

await hits.load();
const { rows } = await hits.ask(new URLSearchParams(element.dataset.filter));
points.show(hits.table, rows);
if (rows.length && element.dataset.filter) map.fitBounds(points.bounds(), { padding: [30, 30], maxZoom: 13, animate: false });
element.dataset.shown = points.size();

async function show(keys, at) {
  const parts = await Promise.all(keys.slice(0, 8).map(async (key) => {
    const card = await fetch(element.dataset.card.replace("KEY", key));
    return card.ok ? card.text() : "";
  }));
  const body = document.createElement("div");
  for (const text of parts) body.append(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const popup = L.popup({ maxWidth: 300 }).setLatLng(at).setContent(body).openOn(map);
  popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", element.dataset.close);
  popup.getElement().querySelector("a[href]")?.focus({ preventScroll: true });
}
