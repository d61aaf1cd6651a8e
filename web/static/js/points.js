// The hits on the map: one canvas, near points gathered to circles with their number, single ones with their class.
/* global L */
import { sizeCanvas } from "./basemap.js";

const CELL = 64;
const COLOURS = { A: "#0f5a46", B: "#2c7048", C: "#57722b", D: "#85650f", E: "#9a4f1d", F: "#963b3b", G: "#7b3a5e", "": "#6b6f69" };

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
  light(key) {
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
  _gather() {
    const scale = 2 ** this._map.getZoom();
    const origin = this._map.getPixelOrigin();
    const { min, max } = this._bounds;
    const cells = new Map();
    const single = this._map.getZoom() >= 15;
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
    return [...cells.values()].map((c) => ({ x: c.x / c.rows.length, y: c.y / c.rows.length, rows: c.rows }));
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
      const n = spot.rows.length;
      const marked = spot.rows.includes(lit) || spot.rows.includes(chosen);
      spot.r = n === 1 ? 11 : Math.min(11 + Math.log2(n) * 1.9, 28);
      if (n === 1) this._single(pen, spot);
      else this._group(pen, spot, n);
      if (marked) {
        pen.beginPath();
        pen.arc(spot.x, spot.y, spot.r + 5, 0, 7);
        pen.lineWidth = 4;
        pen.strokeStyle = "#a8432a";
        pen.stroke();
      }
    }
  },
  _single(pen, spot) {
    const i = spot.rows[0];
    const letter = this._columns.transit[i];
    pen.beginPath();
    if (this._columns.exact[i]) pen.arc(spot.x, spot.y, spot.r, 0, 7);
    else pen.rect(spot.x - 10, spot.y - 10, 20, 20);
    pen.fillStyle = COLOURS[letter];
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = "#fffdf8";
    pen.setLineDash(this._columns.exact[i] ? [] : [4, 3]);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = "#fff";
    pen.font = "700 12px Figtree, system-ui, sans-serif";
    pen.fillText(letter || "–", spot.x, spot.y + 0.5);
  },
  _group(pen, spot, n) {
    pen.beginPath();
    pen.arc(spot.x, spot.y, spot.r, 0, 7);
    pen.fillStyle = "rgba(31,90,69,.93)";
    pen.fill();
    pen.lineWidth = 3;
    pen.strokeStyle = "rgba(255,253,248,.9)";
    pen.stroke();
    pen.fillStyle = "#fff";
    pen.font = `650 ${n > 999 ? 12 : 13}px Figtree, system-ui, sans-serif`;
    pen.fillText(n.toLocaleString(document.documentElement.lang), spot.x, spot.y + 0.5);
  },
  _at(event) {
    const at = event.layerPoint;
    return this._drawn.find((s) => Math.hypot(s.x - at.x, s.y - at.y) <= s.r + 4);
  },
  _move(event) {
    this._map.getContainer().style.cursor = this._at(event) ? "pointer" : "";
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
