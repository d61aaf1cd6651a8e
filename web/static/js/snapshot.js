// The file of columns (layers/publish/snapshot/packing.py writes it): all public rows as numbers, and where they lie.

const MAGIC = "RWS\u0002";

// Columns by name: { numbers, low, values }. 0 stands for unknown, else the number − low + 1, or a set of bits.
// `known`: those of a file read before, from which columns may be told.
export function unpack(buffer, known = new Map()) {
  const bytes = new Uint8Array(buffer);
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== MAGIC) throw new Error("not a snapshot of this version");
  let start = 8 + new DataView(buffer).getUint32(4, true);
  const { rows, columns } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const found = new Map();
  for (const told of columns) {
    const { name, bytes: width, low, values } = told;
    let numbers = bytes.subarray(start, start + rows);
    if (width > 1) {
      numbers = new Uint32Array(rows);
      for (let plane = 0; plane < width; plane += 1) {
        const at = start + plane * rows;
        for (let i = 0; i < rows; i += 1) numbers[i] |= bytes[at + i] << (8 * plane);
      }
    }
    start += rows * width;
    const other = told.from && (found.get(told.from) ?? known.get(told.from));
    if (told.list) numbers = Uint32Array.from(numbers, (n) => told.list[n]);
    else if (told.steps) numbers = unfolded(numbers, null, 0);
    else if (other) numbers = unfolded(numbers, other.numbers, other.low - low);
    found.set(name, { numbers, low, values });
  }
  return { rows, columns: found };
}

// Numbers from their differences: from another column, or else from row to row.
function unfolded(steps, other, apart) {
  const numbers = new Int32Array(steps.length);
  let at = 0;
  for (let i = 0; i < steps.length; i += 1) {
    const step = (steps[i] >>> 1) ^ -(steps[i] & 1);
    at = other ? other[i] + apart + step : at + step;
    numbers[i] = at;
  }
  return numbers;
}

// EPSG:25833 (UTM zone 33 on GRS 80) by Krüger's series, as in Karney (2011), to well below a millimetre.
const N = 1 / (2 * 298.257222101 - 1);
const SCALE = (0.9996 * 6378137 * (1 + N ** 2 / 4 + N ** 4 / 64)) / (1 + N);
const EAST = 500000;
const MERIDIAN = 15;
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];
const BETA = [
  N / 2 - (2 / 3) * N ** 2 + (37 / 96) * N ** 3 - (1 / 360) * N ** 4,
  (1 / 48) * N ** 2 + (1 / 15) * N ** 3 - (437 / 1440) * N ** 4,
  (17 / 480) * N ** 3 - (37 / 840) * N ** 4,
  (4397 / 161280) * N ** 4,
];
const E = Math.sqrt((4 * N) / (1 + N) ** 2);
// φ − χ = 2·sin χ·cos χ·(c₁ + 2·c₂·cos 2χ), by Karney's series to n²
const CONFORMAL = [2 * N - (2 / 3) * N ** 2, 2 * ((7 / 3) * N ** 2)];
const RADIANS = Math.PI / 180;

export function toMetres(lon, lat) {
  const sine = Math.sin(lat * RADIANS);
  const tau = Math.sinh(Math.atanh(sine) - E * Math.atanh(E * sine));
  const lambda = (lon - MERIDIAN) * RADIANS;
  const xi0 = Math.atan2(tau, Math.cos(lambda));
  const eta0 = Math.asinh(Math.sin(lambda) / Math.hypot(tau, Math.cos(lambda)));
  let [xi, eta] = [xi0, eta0];
  ALPHA.forEach((a, j) => {
    xi += a * Math.sin(2 * (j + 1) * xi0) * Math.cosh(2 * (j + 1) * eta0);
    eta += a * Math.cos(2 * (j + 1) * xi0) * Math.sinh(2 * (j + 1) * eta0);
  });
  return [EAST + SCALE * eta, SCALE * xi];
}

// The Web Mercator world, 256 units wide, from centimetres; to some millimetres, for drawing. Two terms of the series, and no
// iteration: Mercator's ψ is the conformal one + e·artanh(e·sin φ), for which φ need be known to 1e-8 only.
export function worldOf(x, y) {
  const [wx, wy] = [new Float64Array(x.length), new Float64Array(x.length)];
  const [b1, b2] = BETA;
  for (let i = 0; i < x.length; i += 1) {
    const xi0 = y[i] / 100 / SCALE;
    const eta0 = (x[i] / 100 - EAST) / SCALE;
    const [sin, cos, grown] = [Math.sin(2 * xi0), Math.cos(2 * xi0), Math.exp(2 * eta0)];
    const [sinh, cosh] = [(grown - 1 / grown) / 2, (grown + 1 / grown) / 2];
    const xi = xi0 - b1 * sin * cosh - b2 * 2 * sin * cos * (2 * cosh * cosh - 1);
    const eta = eta0 - b1 * cos * sinh - b2 * (1 - 2 * sin * sin) * 2 * sinh * cosh;
    const wide = Math.sinh(eta);
    const north = Math.cos(xi);
    const tau = Math.sin(xi) / Math.sqrt(wide * wide + north * north);
    const down = 1 / Math.sqrt(1 + tau * tau); // cosine and sine of the conformal latitude
    const up = tau * down;
    const turn = 2 * up * down * (CONFORMAL[0] + CONFORMAL[1] * (1 - 2 * up * up));
    const s = E * (up * (1 - turn * turn / 2) + down * turn); // e·sin φ
    wx[i] = 256 * (0.5 + (MERIDIAN + Math.atan2(wide, north) / RADIANS) / 360);
    wy[i] = 256 * (0.5 - (Math.asinh(tau) + E * s * (1 + s * s * (1 / 3 + s * s / 5))) / (2 * Math.PI));
  }
  return [wx, wy];
}
