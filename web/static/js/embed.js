// The map inside somebody else's page: hits and their cards. The wheel and one finger go on scrolling the page around it.
import { makeMap } from "./basemap.js";
import { Hits, fetched, onRetry, surely, upToDate } from "./hits.js";
import { Points } from "./points.js";
import { cardsOf, openPopup } from "./popup.js";

const element = document.getElementById("map");
const settings = JSON.parse(document.getElementById("map-settings").textContent);
const hits = settings.far ? new (await import("./far.js")).FarHits(settings) : new Hits(settings);
const map = makeMap(element, { scrollWheelZoom: false, dragging: !matchMedia("(pointer: coarse)").matches });
const points = new Points((rows, place) => surelyAt(place, () => showRows(rows, place)), settings);
const query = new URLSearchParams(element.dataset.filter);

async function draw(fit) {
  const found = await hits.ask(query, points.view());
  if (found.spots) points.showSpots(found.spots, found.low);
  else points.show(hits.table, found.rows);
  const box = found.box ? points.box(found.box) : points.bounds();
  if (fit && box) map.fitBounds(box, { padding: [30, 30], maxZoom: 13, animate: false });
  element.dataset.shown = found.total ?? found.rows.length;
  upToDate();
}

// The rows have changed since: this page, as it is now, names the new ones.
async function renew() {
  const now = new DOMParser().parseFromString(await fetched(location.href, "text"), "text/html");
  Object.assign(hits.settings, JSON.parse(now.getElementById("map-settings").textContent));
  document.querySelector(".embed-head strong").replaceWith(now.querySelector(".embed-head strong"));
  await hits.load();
  await draw(false);
}

const surelyAt = (place, work) => surely(hits, work, renew, () => showRows(points.rowsAt(place), place));
const surelyDrawn = (fit) => surely(hits, () => draw(fit), renew, () => {});

async function showRows(rows, place) {
  const keys = await hits.keys();
  if (!rows.length) return;
  const body = await cardsOf(rows.map((row) => keys[row]), element.dataset.card, settings.words.more, (work) => surelyAt(place, work));
  openPopup(map, points.latLng(place), body, element.dataset.close).querySelector("a[href]")?.focus({ preventScroll: true });
}

map.fitBounds([[51.36, 11.27], [53.56, 14.77]], { animate: false });
map.addLayer(points);
await surelyDrawn(Boolean(element.dataset.filter));
onRetry(() => surelyDrawn(false));
if (hits.isFar) map.on("moveend", () => surelyDrawn(false));
