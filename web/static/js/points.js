// The hits on the map: one canvas, near points gathered to rings with their number, single ones with their class.
/* global L */
import { sizeCanvas } from "./basemap.js";
import { colours } from "./theme.js";
import { cellOf, gather, placed } from "./clusters.js";

const CLOSEST = 17; // zoom from which on a click opens what still stands together
const SAME = 7e-6; // pixels at zoom 0 within which rows lie at one place, about a metre
const NOWHERE = { rows: 0, columns: new Map(), worldX: [], worldY: [] };

export const Points = L.Renderer.extend({
  // onChoose(rows, place); classes: [{ value, colour }] of the column that is drawn, in its order; the last for "none".
  initialize(onChoose, { classes, drawn }) {
    this._column = drawn;
    L.Renderer.prototype.initialize.call(this, { padding: 0.2, pane: "overlayPane" });
    this._layers = {};
    this._onChoose = onChoose;
    this._classes = classes;
    this._drawn = [];
    this._lit = this._chosen = null;
    this._spots = null;
    this.show(NOWHERE, new Uint32Array(0));
  },
  // Circles that the server gathered, in place of rows; `low` belongs to their shares.
  showSpots(spots, low) {
    this._spots = spots.map((spot) => ({ ...spot, shares: this._perClass(spot.shares, low) }));
    if (this._map) this._update();
  },
  _perClass(shares, low) {
    const found = new Array(this._classes.length).fill(0);
    shares.forEach((n, code) => { found[this._place(code, low)] += n; });
    return found;
  },
  // The class of a stored number: 0 is none, n stands for the class at n + low − 1.
  _place(code, low) {
    return code ? Math.min(code + low - 1, this._classes.length - 1) : this._classes.length - 1;
  },
  show(table, rows) {
    this._spots = null;
    this._table = table;
    this._rows = rows;
    const { numbers = [], low = 0 } = table.columns.get(this._column) ?? {};
    if (this._codesOf !== table) {
      const places = Uint8Array.from({ length: 256 }, (_v, code) => this._place(code, low));
      this._codes = new Uint8Array(numbers.length);
      for (let i = 0; i < numbers.length; i += 1) this._codes[i] = places[numbers[i]];
    }
    this._codesOf = table;
    this._exact = table.columns.get("is_exact");
    if (this._map) this._update();
  },
  // A mark around what stands for a place ([x, y] in pixels at zoom 0), or none.
  light(place) {
    if (String(place) === String(this._lit)) return;
    this._lit = place;
    this._update();
  },
  choose(place) {
    this._chosen = place;
    this._update();
  },
  latLng([x, y]) {
    return L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
  },
  box([west, north, east, south]) {
    return L.latLngBounds(this.latLng([west, south]), this.latLng([east, north]));
  },
  // How many of the rows are seen; null where only the server knows.
  inView() {
    if (this._spots || !this._map) return null;
    const at = (p) => this._map.project(this._map.containerPointToLatLng(p), 0);
    const [low, high] = [at([0, 0]), at(this._map.getSize())];
    const { worldX, worldY } = this._table;
    let n = 0;
    for (const i of this._rows) if (worldX[i] >= low.x && worldX[i] <= high.x && worldY[i] >= low.y && worldY[i] <= high.y) n += 1;
    return n;
  },
  // What is looked at, for the server.
  view() {
    const at = (p) => this._map.project(this._map.containerPointToLatLng(p), 0);
    const [low, high] = [at([0, 0]), at(this._map.getSize())];
    const [wide, tall] = [(high.x - low.x) * 0.2, (high.y - low.y) * 0.2];
    return { zoom: this._map.getZoom(), box: [low.x - wide, low.y - tall, high.x + wide, high.y + tall] };
  },
  bounds(rows = this._rows) {
    if (!rows.length) return null;
    const { worldX, worldY } = this._table;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const i of rows) {
      box[0] = Math.min(box[0], worldX[i]);
      box[1] = Math.min(box[1], worldY[i]);
      box[2] = Math.max(box[2], worldX[i]);
      box[3] = Math.max(box[3], worldY[i]);
    }
    return this.box(box);
  },
  // The rows that a spot stands for.
  rowsOf(spot) {
    const cells = new Set(spot.cells);
    const zoom = this._map.getZoom();
    return this._rows.filter((i) => cells.has(this._cell(i, zoom)));
  },
  // The rows at a place, as a click there tells them: those that no zooming parts.
  rowsAt([x, y]) {
    const zoom = this._map.getZoom();
    const spot = zoom >= CLOSEST && this._drawn.find(({ cells }) => cells?.includes(cellOf(x, y, zoom)));
    return [...(spot ? this.rowsOf(spot) : this._rows.filter((i) => this._lies(i, x, y)))];
  },
  _lies(row, x, y) {
    return Math.abs(this._table.worldX[row] - x) < SAME && Math.abs(this._table.worldY[row] - y) < SAME;
  },
  _cell(row, zoom) {
    return cellOf(this._table.worldX[row], this._table.worldY[row], zoom);
  },
  _isExact(row) {
    return !this._exact || this._exact.numbers[row] + this._exact.low - 1 === 1;
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
  _update() {
    if (!this._map || (this._map._animatingZoom && this._bounds)) return;
    L.Renderer.prototype._update.call(this);
    const pen = sizeCanvas(this);
    const zoom = this._map.getZoom();
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const { min, max } = this._bounds;
    const origin = this._map.getPixelOrigin();
    const view = { zoom, origin: [origin.x, origin.y], min: [min.x, min.y], max: [max.x, max.y] };
    this._drawn = this._spots ? placed(this._spots, view) : gather(this._table, this._rows, { codes: this._codes, size: this._classes.length }, view);
    const marked = [this._lit, this._chosen].filter(Boolean).map((at) => cellOf(...at, zoom));
    for (const spot of this._drawn) {
      if (spot.n === 1) this._single(pen, spot);
      else this._group(pen, spot);
      if (marked.some((cell) => spot.cells?.includes(cell))) {
        pen.beginPath();
        pen.arc(spot.x, spot.y, spot.r + 5, 0, 7);
        pen.lineWidth = 4;
        pen.strokeStyle = colours().mark;
        pen.stroke();
      }
    }
    this._map.occupied = this._drawn;
    this._map.fire("occupied", { circles: this._drawn });
  },
  _single(pen, spot) {
    const { value: letter, colour } = this._classes[spot.shares.findIndex(Boolean)];
    const exact = this._spots !== null || this._isExact(spot.first);
    pen.beginPath();
    if (exact) pen.arc(spot.x, spot.y, spot.r, 0, 7);
    else pen.roundRect(spot.x - 10, spot.y - 10, 20, 20, 4);
    pen.fillStyle = colour;
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = colours().paper;
    pen.stroke();
    if (!exact) {
      pen.beginPath();
      pen.roundRect(spot.x - 13.5, spot.y - 13.5, 27, 27, 6);
      pen.setLineDash([3.5, 3]);
      pen.lineWidth = 1.5;
      pen.strokeStyle = colour;
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.fillStyle = "#fff";
    pen.font = "700 12px Figtree, system-ui, sans-serif";
    pen.fillText(letter || "–", spot.x, spot.y + 0.5);
  },
  // A ring shows how many of its buildings have which class.
  _group(pen, spot) {
    pen.beginPath();
    pen.arc(spot.x, spot.y, spot.r, 0, 7);
    pen.fillStyle = colours().paper;
    pen.fill();
    let angle = -Math.PI / 2;
    pen.lineWidth = 4.5;
    this._classes.forEach(({ colour }, i) => {
      const part = (spot.shares[i] / spot.n) * 2 * Math.PI;
      if (!part) return;
      pen.beginPath();
      pen.arc(spot.x, spot.y, spot.r - 3, angle, angle + part);
      pen.strokeStyle = colour;
      pen.stroke();
      angle += part;
    });
    pen.fillStyle = colours().ink;
    pen.font = `650 ${spot.n > 999 ? 12 : 13}px Figtree, system-ui, sans-serif`;
    pen.fillText(spot.n.toLocaleString(document.documentElement.lang), spot.x, spot.y + 0.5);
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
    if (!spot || this._map.getContainer().classList.contains("draws")) return; // it becomes a corner
    if (this._spots) {
      this._map.fitBounds(this.box(spot.box), { padding: [40, 40], maxZoom: 13 });
      return;
    }
    const rows = this.rowsOf(spot);
    const place = [this._table.worldX[rows[0]], this._table.worldY[rows[0]]];
    if (this._map.getZoom() >= CLOSEST || rows.every((i) => this._lies(i, ...place))) this._onChoose([...rows], place);
    else this._map.fitBounds(this.bounds(rows), { padding: [40, 40], maxZoom: CLOSEST });
  },
  _updatePaths() {},
});
