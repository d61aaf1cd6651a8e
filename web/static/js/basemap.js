// The quiet basemap: land, waters, rails, boundaries and names, drawn from our own files. No tile server is asked.
/* global L */

const STYLES = {
  states: { fill: true, fillColor: "#eceae0", fillOpacity: 1, stroke: false },
  brandenburg: { fill: true, fillColor: "#fbf9f2", fillOpacity: 1, stroke: true, color: "#8d9a84", weight: 1.6 },
  lakes: { fill: true, fillColor: "#b9d5e0", fillOpacity: 1, stroke: false },
  rivers: { fill: false, color: "#a9cbd9", weight: 1.4 },
  rail: { fill: false, color: "#8b8577", weight: 1.1, dashArray: "6 3" },
  towns: { fill: false, color: "#d3cdbb", weight: 0.7 },
  districts: { fill: false, color: "#aeb49f", weight: 1.1 },
};
const ORDER = ["states", "brandenburg", "towns", "lakes", "rivers", "districts", "rail"];
const ZOOM_OF_TOWNS = 9;

async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

const Names = L.Renderer.extend({
  initialize(places) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.1, pane: "names" });
    this._places = places;
    this._layers = {};
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
  },
  _destroyContainer() {
    this._container.remove();
  },
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const pen = sizeCanvas(this);
    const zoom = this._map.getZoom();
    const shown = zoom < 8 ? 1 : zoom < 9 ? 2 : zoom < 10 ? 3 : zoom < 11 ? 4 : 5;
    const taken = [];
    for (const [name, lon, lat, rank] of this._places) {
      if (rank > shown) continue;
      const at = this._map.latLngToLayerPoint([lat, lon]);
      if (!this._bounds.contains(at)) continue;
      const size = [17, 14.5, 13, 12.5, 12, 12][rank];
      pen.font = `${rank < 2 ? 650 : 550} ${size}px Figtree, system-ui, sans-serif`;
      const half = pen.measureText(name).width / 2 + 4;
      const box = [at.x - half, at.y - size, at.x + half, at.y + size];
      if (taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      taken.push(box);
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      pen.lineWidth = 3.5;
      pen.strokeStyle = "rgba(251,249,242,.92)";
      pen.fillStyle = rank === 0 ? "#6f6a5c" : "#444f48";
      pen.strokeText(name, at.x, at.y);
      pen.fillText(name, at.x, at.y);
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
    zoomControl: false, attributionControl: false, minZoom: 6, maxZoom: 18, zoomSnap: 0.5, keyboard: true,
    maxBounds: [[50.4, 9.5], [54.6, 16.6]], maxBoundsViscosity: 0.6,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches, ...options,
  });
  L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  const credit = L.control.attribution({ prefix: false }).addTo(map);
  credit.addAttribution(`<a href="${words.creditUrl}">${L.Util.template("{t}", { t: words.credit })}</a>`);
  if (words.tiles) L.tileLayer(words.tiles, { attribution: words.attribution }).addTo(map);
  else drawBasemap(map, JSON.parse(words.files));
  return map;
}

async function drawBasemap(map, files) {
  map.createPane("ground").style.zIndex = 200;
  map.createPane("names").style.zIndex = 390;
  map.getPane("names").style.pointerEvents = "none";
  map.getPane("ground").style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "ground", padding: 0.3 });
  const parts = await Promise.all(ORDER.map((name) => load(files[name])));
  const layers = Object.fromEntries(ORDER.map((name, i) =>
    [name, L.geoJSON(parts[i], { pane: "ground", renderer, interactive: false, style: STYLES[name] })]));
  const show = () => {
    const near = map.getZoom() >= ZOOM_OF_TOWNS;
    for (const name of ORDER) {
      if (name === "towns" && !near) map.removeLayer(layers[name]);
      else map.addLayer(layers[name]);
    }
  };
  for (const name of ORDER) map.addLayer(layers[name]);
  show();
  map.on("zoomend", show);
  const { places } = await load(files.places);
  await document.fonts.ready;
  map.addLayer(new Names(places));
  map.getContainer().dataset.ready = "1";
}
