// What is near on the screen is gathered: cells of a fixed grid first, then circles that would overlap are joined. Pure.

export const CELL = 72; // pixels
export const ZOOM_OF_SINGLES = 15; // from here on only what lies in one pixel is gathered

const radius = (n) => (n === 1 ? 11 : Math.min(12 + Math.log2(n) * 1.5, 26));

// view: { zoom, origin: [x, y] (world pixel of the layer's zero), min: [x, y], max: [x, y] (layer pixels) }
// classes: { codes, size } the column that is drawn. Returns spots { x, y, n, r, first, shares, cells }.
export function gather({ worldX, worldY }, rows, classes, view) {
  const single = view.zoom >= ZOOM_OF_SINGLES;
  const spots = single ? byPixel(worldX, worldY, rows, classes, view) : byCell(worldX, worldY, rows, classes, view);
  return single ? spots : joined(spots);
}

// Spots that were gathered elsewhere (x, y in pixels at zoom 0), on this screen.
export function placed(spots, { zoom, origin }) {
  const scale = 2 ** zoom;
  return joined(spots.map((s) => ({ ...s, x: s.x * scale - origin[0], y: s.y * scale - origin[1], r: radius(s.n), cells: [cellOf(s.x, s.y, zoom)] })));
}

function byCell(worldX, worldY, rows, { codes, size }, { zoom, origin, min, max }) {
  const scale = 2 ** zoom;
  const left = Math.floor((origin[0] + min[0]) / CELL);
  const top = Math.floor((origin[1] + min[1]) / CELL);
  const wide = Math.floor((origin[0] + max[0]) / CELL) - left + 1;
  const high = Math.floor((origin[1] + max[1]) / CELL) - top + 1;
  const n = new Uint32Array(wide * high);
  const [sumX, sumY] = [new Float64Array(wide * high), new Float64Array(wide * high)];
  const first = new Uint32Array(wide * high);
  const shares = new Uint32Array(wide * high * size);
  const [west, east] = [(origin[0] + min[0]) / scale, (origin[0] + max[0]) / scale];
  const [north, south] = [(origin[1] + min[1]) / scale, (origin[1] + max[1]) / scale];
  const factor = scale / CELL;
  for (let k = 0; k < rows.length; k += 1) {
    const i = rows[k];
    const [x, y] = [worldX[i], worldY[i]];
    if (x < west || x > east || y < north || y > south) continue;
    const cell = (Math.floor(y * factor) - top) * wide + Math.floor(x * factor) - left;
    if (!n[cell]) first[cell] = i;
    n[cell] += 1;
    sumX[cell] += x;
    sumY[cell] += y;
    shares[cell * size + codes[i]] += 1;
  }
  const spots = [];
  for (let cell = 0; cell < n.length; cell += 1) {
    if (!n[cell]) continue;
    const at = [(sumX[cell] / n[cell]) * scale - origin[0], (sumY[cell] / n[cell]) * scale - origin[1]];
    const name = `${left + (cell % wide)} ${top + Math.floor(cell / wide)}`;
    spots.push({ x: at[0], y: at[1], n: n[cell], r: radius(n[cell]), first: first[cell], shares: shares.subarray(cell * size, (cell + 1) * size), cells: [name] });
  }
  return spots;
}

function byPixel(worldX, worldY, rows, { codes, size }, { zoom, origin, min, max }) {
  const scale = 2 ** zoom;
  const spots = new Map();
  for (let k = 0; k < rows.length; k += 1) {
    const i = rows[k];
    const [x, y] = [worldX[i] * scale - origin[0], worldY[i] * scale - origin[1]];
    if (x < min[0] || x > max[0] || y < min[1] || y > max[1]) continue;
    const name = cellOf(worldX[i], worldY[i], zoom);
    const spot = spots.get(name) ?? { x, y, n: 0, first: i, shares: new Uint32Array(size), cells: [name] };
    spot.n += 1;
    spot.shares[codes[i]] += 1;
    spots.set(name, spot);
  }
  return [...spots.values()].map((spot) => ({ ...spot, r: radius(spot.n) }));
}

// The name of the cell a place falls into at a zoom.
export function cellOf(x, y, zoom) {
  const size = zoom >= ZOOM_OF_SINGLES ? 1 : CELL;
  const scale = 2 ** zoom / size;
  const cell = size === 1 ? Math.round : Math.floor;
  return `${cell(x * scale)} ${cell(y * scale)}`;
}

function joined(spots) {
  const once = pass(spots);
  return once.length < spots.length ? joined(once) : once;
}

function pass(spots) {
  const kept = [];
  for (const spot of spots.sort((a, b) => b.n - a.n)) {
    const near = kept.findIndex((k) => Math.hypot(k.x - spot.x, k.y - spot.y) < k.r + spot.r + 2);
    if (near < 0) kept.push(spot);
    else kept[near] = both(kept[near], spot);
  }
  return kept;
}

function both(a, b) {
  const n = a.n + b.n;
  const at = (axis) => (a[axis] * a.n + b[axis] * b.n) / n;
  const box = a.box && [0, 1, 2, 3].map((k) => (k < 2 ? Math.min : Math.max)(a.box[k], b.box[k]));
  return { x: at("x"), y: at("y"), n, r: radius(n), first: a.first, box, shares: a.shares.map((v, i) => v + b.shares[i]), cells: a.cells.concat(b.cells) };
}
