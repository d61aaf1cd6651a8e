// The hits on the map: one canvas, near points gathered to rings with their number, single ones with their class.
/* global L */
import { sizeCanvas } from "./basemap.js";

const CELL = 72;
const ZOOM_OF_SINGLES = 15;
const COLOURS = { A: "#0f5a46", B: "#2c7048", C: "#57722b", D: "#85650f", E: "#9a4f1d", F: "#963b3b", G: "#7b3a5e", "": "#6b6f69" };
const CLASSES = Object.keys(COLOURS);
const PAPER = "#fffdf8";

export const Points = L.Renderer.extend({
  initialize(onChoose) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.2, pane: "overlayPane" });
    this._layers = {};
    this._onChoose = onChoose;
    this._drawn = [];
    this._lit = this._chosen = "";
    this.show({ keys: [], lon: [], lat: [], transit: [], exact: [] });
  },
  show(columns) {
    const world = (i) => L.CRS.EPSG3857.latLngToPoint(L.latLng(columns.lat[i], columns.lon[i]), 0);
    this._columns = columns;
    this._world = columns.keys.map((_key, i) => world(i));
    this._index = new Map(columns.keys.map((key, i) => [key, i]));
    if (this._map) this._update();
  },
  size() {
    return this._columns.keys.length;
  },
  chosen() {
    return this._chosen;
  },
  spots() {
    return this._drawn;
  },
  light(key) {
    if (key === this._lit) return;
    this._lit = key;
    this._update();
  },
  choose(key) {
    this._chosen = key;
    this._update();
  },
  position(key) {
    const i = this._index.get(key);
    return i === undefined ? null : L.latLng(this._columns.lat[i], this._columns.lon[i]);
  },
  bounds() {
    const { lat, lon } = this._columns;
    return lat.length ? L.latLngBounds(lat.map((v, i) => [v, lon[i]])) : null;
  },
  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._container.style.pointerEvents = "none";
    this._map.on("click", this._click, this);
    this._map.on("mousemove", this._move, this);
  },
  _destroyContainer() {
    this._map.off("click", this._click, this);
    this._map.off("mousemove", this._move, this);
    this._container.remove();
  },
  // Gather what falls into one cell of a fixed grid, then join rings that would overlap.
  _gather() {
    const scale = 2 ** this._map.getZoom();
    const origin = this._map.getPixelOrigin();
    const { min, max } = this._bounds;
    const cells = new Map();
    const single = this._map.getZoom() >= ZOOM_OF_SINGLES;
    for (let i = 0; i < this._world.length; i += 1) {
      const px = this._world[i].x * scale;
      const py = this._world[i].y * scale;
      const x = px - origin.x;
      const y = py - origin.y;
      if (x < min.x || x > max.x || y < min.y || y > max.y) continue;
      const cell = single ? `${px.toFixed(0)} ${py.toFixed(0)}` : `${Math.floor(px / CELL)} ${Math.floor(py / CELL)}`;
      const found = cells.get(cell);
      if (found) {
        found.x += x;
        found.y += y;
        found.rows.push(i);
      } else cells.set(cell, { x, y, rows: [i] });
    }
    const spots = [...cells.values()].map(({ x, y, rows }) => sized({ x: x / rows.length, y: y / rows.length, rows }));
    return single ? spots : joined(spots);
  },
  _update() {
    if (!this._map || (this._map._animatingZoom && this._bounds)) return;
    L.Renderer.prototype._update.call(this);
    const pen = sizeCanvas(this);
    const lit = this._index.get(this._lit);
    const chosen = this._index.get(this._chosen);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    this._drawn = this._gather();
    for (const spot of this._drawn) {
      if (spot.rows.length === 1) this._single(pen, spot);
      else this._group(pen, spot);
      if (spot.rows.includes(lit) || spot.rows.includes(chosen)) {
        pen.beginPath();
        pen.arc(spot.x, spot.y, spot.r + 5, 0, 7);
        pen.lineWidth = 4;
        pen.strokeStyle = "#a8432a";
        pen.stroke();
      }
    }
    this._map.occupied = this._drawn;
    this._map.fire("occupied", { circles: this._drawn });
  },
  _single(pen, spot) {
    const i = spot.rows[0];
    const letter = this._columns.transit[i];
    pen.beginPath();
    if (this._columns.exact[i]) pen.arc(spot.x, spot.y, spot.r, 0, 7);
    else pen.roundRect(spot.x - 10, spot.y - 10, 20, 20, 4);
    pen.fillStyle = COLOURS[letter];
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = PAPER;
    pen.stroke();
    if (!this._columns.exact[i]) {
      pen.beginPath();
      pen.roundRect(spot.x - 13.5, spot.y - 13.5, 27, 27, 6);
      pen.setLineDash([3.5, 3]);
      pen.lineWidth = 1.5;
      pen.strokeStyle = COLOURS[letter];
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.fillStyle = "#fff";
    pen.font = "700 12px Figtree, system-ui, sans-serif";
    pen.fillText(letter || "–", spot.x, spot.y + 0.5);
  },
  // A ring shows how many of its buildings have which class.
  _group(pen, spot) {
    const n = spot.rows.length;
    pen.beginPath();
    pen.arc(spot.x, spot.y, spot.r, 0, 7);
    pen.fillStyle = PAPER;
    pen.fill();
    const shares = new Map();
    for (const i of spot.rows) shares.set(this._columns.transit[i], (shares.get(this._columns.transit[i]) ?? 0) + 1);
    let angle = -Math.PI / 2;
    pen.lineWidth = 4.5;
    for (const letter of CLASSES) {
      const part = ((shares.get(letter) ?? 0) / n) * 2 * Math.PI;
      if (!part) continue;
      pen.beginPath();
      pen.arc(spot.x, spot.y, spot.r - 3, angle, angle + part);
      pen.strokeStyle = COLOURS[letter];
      pen.stroke();
      angle += part;
    }
    pen.fillStyle = "#1c2a25";
    pen.font = `650 ${n > 999 ? 12 : 13}px Figtree, system-ui, sans-serif`;
    pen.fillText(n.toLocaleString(document.documentElement.lang), spot.x, spot.y + 0.5);
  },
  _at(event) {
    const at = event.layerPoint;
    return this._drawn.find((s) => Math.hypot(s.x - at.x, s.y - at.y) <= s.r + 4);
  },
  _move(event) {
    this._map.getContainer().classList.toggle("over-point", Boolean(this._at(event)));
  },
  _click(event) {
    const spot = this._at(event);
    if (!spot) return;
    const keys = spot.rows.map((i) => this._columns.keys[i]);
    const at = spot.rows.map((i) => [this._columns.lat[i], this._columns.lon[i]]);
    const box = L.latLngBounds(at);
    const flat = box.getNorthEast().equals(box.getSouthWest(), 1e-5);
    if (keys.length === 1 || flat || this._map.getZoom() >= 17) this._onChoose(keys, at[0]);
    else this._map.fitBounds(box, { padding: [40, 40], maxZoom: 17 });
  },
  _updatePaths() {},
});

function sized(spot) {
  const n = spot.rows.length;
  return { ...spot, r: n === 1 ? 11 : Math.min(12 + Math.log2(n) * 1.5, 26) };
}

function joined(spots) {
  const once = pass(spots);
  return once.length < spots.length ? joined(once) : once;
}

function pass(spots) {
  const kept = [];
  for (const spot of spots.sort((a, b) => b.rows.length - a.rows.length)) {
    const near = kept.findIndex((k) => Math.hypot(k.x - spot.x, k.y - spot.y) < k.r + spot.r + 2);
    if (near < 0) {
      kept.push(spot);
      continue;
    }
    const [a, b] = [kept[near], spot];
    const n = a.rows.length + b.rows.length;
    const at = (axis) => (a[axis] * a.rows.length + b[axis] * b.rows.length) / n;
    kept[near] = sized({ x: at("x"), y: at("y"), rows: a.rows.concat(b.rows) });
  }
  return kept;
}
