// Where to search: an area drawn by corners, or the surroundings of a town, of one's own place, of the map's middle.
// Everything a drag or a click on the map does can be done by buttons and fields, too.
/* global L */
import { colours } from "./theme.js";

const panel = document.getElementById("area");
const told = document.getElementById("area-note");
const MOST = 500; // corners, as in the filter
const style = () => ({ color: colours().mark, weight: 2.5, fillOpacity: 0.06, interactive: false });
const part = (name) => document.getElementById(`area-${name}`);
const short = (v) => String(Math.round(v * 1e5) / 1e5);

let map = null;
let ask = null;
let corners = null; // while one draws
let sketch = null;
let shown = null;

// ask(changes): change these parameters of the question; null takes one away.
export function startArea(onMap, change) {
  map = onMap;
  ask = change;
  for (const option of document.querySelectorAll('#filter-form [name="town"] option[value]')) part("town").append(option.cloneNode(true));
  for (const button of panel.querySelectorAll("button")) button.disabled = false; // from now on they do something
  part("draw").addEventListener("click", () => (corners ? finish() : begin()));
  part("undo").addEventListener("click", () => {
    corners?.pop();
    draw();
  });
  part("clear").addEventListener("click", () => {
    stop();
    ask({ near: null, polygon: null, bbox: null });
  });
  part("around").addEventListener("click", around);
  part("here").addEventListener("click", locate);
  map.on("click", ({ latlng }) => {
    if (!corners || corners.length >= MOST) return;
    corners.push(latlng);
    draw();
  });
  map.getContainer().addEventListener("keydown", (event) => {
    if (!corners) return;
    if (event.key === "Enter" && event.target === map.getContainer() && corners.length < MOST) corners.push(map.getCenter()); // not on its buttons
    if (event.key === "Escape") stop();
    draw();
  });
}

function begin() {
  ask({ near: null, polygon: null, bbox: null });
  corners = [];
  map.getContainer().classList.add("draws");
  map.getContainer().focus({ preventScroll: true });
  draw();
}

function draw() {
  sketch?.remove();
  sketch = corners?.length ? L.polygon(corners, { ...style(), dashArray: "6 4" }).addTo(map) : null;
  const { start, end, how, count } = panel.dataset;
  part("draw").textContent = corners ? end : start;
  part("draw").disabled = corners !== null && corners.length > 0 && corners.length < 3;
  part("undo").hidden = !corners?.length;
  told.textContent = corners ? (corners.length ? count.replace("{n}", corners.length) : how) : "";
}

export function stop() {
  corners = null;
  map.getContainer().classList.remove("draws");
  draw();
}

function finish() {
  const polygon = corners.map(({ lng, lat }) => `${short(lng)},${short(lat)}`).join(";");
  const enough = corners.length >= 3;
  stop();
  if (enough) ask({ polygon, near: null, bbox: null });
}

async function around() {
  stop();
  const slug = part("town").value;
  let at = map.getCenter();
  if (slug) {
    const got = await fetch(panel.dataset.town.replace("SLUG", slug));
    if (!got.ok) return;
    const [lon, lat] = (await got.json()).at;
    at = L.latLng(lat, lon);
  }
  search(at);
}

function search({ lat, lng }) {
  const metres = Math.round(Number(part("km").value) * 1000);
  if (!part("km").reportValidity() || !metres) return;
  ask({ near: `${short(lng)},${short(lat)},${metres}`, polygon: null, bbox: null, town: null });
}

function locate() {
  told.textContent = panel.dataset.waits;
  navigator.geolocation?.getCurrentPosition(
    ({ coords: { latitude: lat, longitude: lng } }) => {
      told.textContent = "";
      search({ lat: Math.round(lat * 1000) / 1000, lng: Math.round(lng * 1000) / 1000 }); // about 100 m: it goes into the address
    },
    () => { told.textContent = panel.dataset.denied; },
    { timeout: 15_000, maximumAge: 60_000 },
  );
}

// The area that the question names, on the map.
export function showArea(query) {
  shown?.remove();
  shown = null;
  const numbers = (text, separator = ",") => text.split(separator).map(Number);
  if (query.get("near")) {
    const [lon, lat, radius] = numbers(query.get("near"));
    shown = L.circle([lat, lon], { ...style(), radius });
  } else if (query.get("polygon")) {
    shown = L.polygon(query.get("polygon").split(";").filter(Boolean).map((pair) => numbers(pair).reverse()), style());
  } else if (query.get("bbox")) {
    const [west, south, east, north] = numbers(query.get("bbox"));
    shown = L.rectangle([[south, west], [north, east]], style());
  }
  shown?.addTo(map);
}
