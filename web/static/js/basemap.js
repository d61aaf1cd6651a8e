// The quiet basemap: land, waters, rails, boundaries and names, drawn from our own files. No tile server is asked.
/* global L */
import { colours, night } from "./theme.js";

const styles = (c = colours()) => ({
  states: { fill: true, fillColor: c.states, fillOpacity: 1, stroke: false },
  brandenburg: { fill: true, fillColor: c.land, fillOpacity: 1, stroke: false },
  towns: { fill: false, color: c.towns, weight: 0.7 },
  lakes: { fill: true, fillColor: c.lakes, fillOpacity: 1, stroke: false },
  rivers: { fill: false, color: c.rivers, weight: 1.3 },
  rail: { fill: false, color: c.rail, weight: 1, dashArray: "5 3" },
  districts: { fill: false, color: c.districts, weight: 1 },
});
const ORDER = Object.keys(styles());
const FIRST = ["states", "brandenburg"];
const ZOOM_OF_TOWNS = 9;
const WORLD = [[85, -180], [85, 180], [-85, 180], [-85, -180]];

async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
const touch = ([left, top, right, bottom], { x, y, r }) =>
  Math.hypot(x - Math.max(left, Math.min(x, right)), y - Math.max(top, Math.min(y, bottom))) < r + 1;

// Names give way to each other and to the circles drawn above them: a map says where they are with the event "occupied".
const Names = L.Renderer.extend({
  initialize(places) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.1, pane: "names" });
    this._places = places;
    this._layers = {};
    this._occupied = [];
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._map.on("occupied", this._makeRoom, this);
    this._occupied = this._map.occupied ?? [];
  },
  _destroyContainer() {
    this._map.off("occupied", this._makeRoom, this);
    this._container.remove();
  },
  _makeRoom(event) {
    this._occupied = event.circles;
    this._update();
  },
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const pen = sizeCanvas(this);
    const zoom = this._map.getZoom();
    const shown = zoom < 8 ? 1 : zoom < 9 ? 2 : zoom < 10 ? 3 : zoom < 11 ? 4 : 5;
    const taken = [];
    const { min, max } = L.bounds(this._map.containerPointToLayerPoint([0, 0]), this._map.containerPointToLayerPoint(this._map.getSize()));
    Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 3.5, strokeStyle: colours().halo });
    for (const [name, lon, lat, rank] of this._places) {
      if (rank > shown) continue;
      const at = this._map.latLngToLayerPoint([lat, lon]);
      if (!this._bounds.contains(at)) continue;
      const size = [16, 14, 13, 12.5, 12, 12][rank];
      pen.font = `${rank < 2 ? 650 : 550} ${size}px Figtree, system-ui, sans-serif`;
      const half = pen.measureText(name).width / 2 + 4;
      const aside = half + 14;
      for (const [dx, dy] of [[0, 0], [0, 12], [0, -12], [0, 24], [0, -24], [aside, 0], [-aside, 0], [0, 40], [0, -40], [aside, 16], [-aside, 16]]) {
        const [x, y] = [at.x + dx, at.y + dy];
        const box = [x - half, y - size * 0.6, x + half, y + size * 0.6];
        if (box[0] < min.x || box[2] > max.x || box[1] < min.y || box[3] > max.y) continue;
        if (taken.some((b) => meet(b, box)) || this._occupied.some((circle) => touch(box, circle))) continue;
        taken.push(box);
        pen.fillStyle = rank === 0 ? colours().far : colours().names;
        pen.strokeText(name, x, y);
        pen.fillText(name, x, y);
        break;
      }
    }
  },
  _updatePaths() {},
});

export function sizeCanvas(renderer) {
  const { _bounds: bounds, _container: canvas } = renderer;
  const size = bounds.getSize();
  const ratio = window.devicePixelRatio || 1;
  L.DomUtil.setPosition(canvas, bounds.min);
  canvas.width = size.x * ratio;
  canvas.height = size.y * ratio;
  canvas.style.width = `${size.x}px`;
  canvas.style.height = `${size.y}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.translate(-bounds.min.x, -bounds.min.y);
  return pen;
}

export function makeMap(element, options = {}) {
  const words = element.dataset;
  const map = L.map(element, {
    zoomControl: false, attributionControl: false, minZoom: 6, maxZoom: 18, zoomSnap: 0.25, keyboard: true,
    maxBounds: [[49.4, 8.5], [55.8, 17.6]], maxBoundsViscosity: 0.6,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches, ...options,
  });
  L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  const credit = L.control.attribution({ prefix: false }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  const ready = () => { element.dataset.ready = "1"; };
  if (words.tiles) {
    L.tileLayer(words.tiles, { attribution: words.attribution, maxZoom: 18 }).once("load", ready).addTo(map);
  } else {
    const link = Object.assign(document.createElement("a"), { href: words.creditUrl, textContent: words.credit });
    credit.addAttribution(link.outerHTML);
    drawBasemap(map, JSON.parse(words.files)).then(ready);
  }
  return map;
}

// Draw the parts as they come: the land first, the names last, the lines of the municipalities only when one is near.
export async function drawBasemap(map, files) {
  for (const [name, level] of [["ground", 200], ["names", 390]]) {
    const pane = map.createPane(name);
    pane.ariaHidden = "true";
    Object.assign(pane.style, { zIndex: level, pointerEvents: "none" });
  }
  const renderer = L.canvas({ pane: "ground", padding: 0.3 });
  const common = { pane: "ground", renderer, interactive: false };
  const layers = {};
  const draw = () => {
    for (const name of ORDER) layers[name]?.bringToFront();
    layers.veil?.bringToFront();
  };
  const add = async (name, style = styles()[name]) => {
    layers[name] ??= L.geoJSON(await load(files[name]), { ...common, style });
  };
  const near = () => map.getZoom() >= ZOOM_OF_TOWNS;
  const towns = async () => {
    if (near() && files.towns) {
      await add("towns");
      if (near() && !map.hasLayer(layers.towns)) map.addLayer(layers.towns);
      draw();
    } else if (layers.towns) map.removeLayer(layers.towns);
  };
  const names = load(files.places);
  const lines = Promise.all(ORDER.filter((n) => n !== "towns" && !FIRST.includes(n)).map((n) => add(n)));
  await Promise.all(FIRST.map((n) => add(n)));
  for (const name of FIRST) map.addLayer(layers[name]);
  await lines;
  for (const name of ORDER) if (layers[name] && name !== "towns") map.addLayer(layers[name]);
  layers.veil = veil(layers.brandenburg, common);
  map.addLayer(layers.veil);
  draw();
  await document.fonts.ready;
  map.addLayer(new Names((await names).places));
  map.on("zoomend", towns);
  await towns();
  night.addEventListener("change", () => {
    for (const name of ORDER) layers[name]?.setStyle(styles()[name]);
    layers.veil.setStyle({ color: colours().edge, fillColor: colours().states });
    map.fire("moveend"); // names and hits are drawn anew
  });
}

// What lies outside Brandenburg steps back behind a veil with Brandenburg's outline as its hole.
function veil(land, common) {
  const holes = [];
  land.eachLayer((layer) => {
    const parts = layer.getLatLngs();
    for (const part of parts) holes.push(...(Array.isArray(part[0]) ? part : [part]));
  });
  return L.polygon([WORLD, ...holes], { ...common, color: colours().edge, weight: 1.4, fillColor: colours().states, fillOpacity: 0.72 });
}
