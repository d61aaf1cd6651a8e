// The file of columns (layers/publish/snapshot/packing.py writes it): all public rows as numbers, and where they lie.

const MAGIC = "RWS\u0001";

// Columns by name: { numbers, low, values }. 0 stands for unknown, else the number − low + 1, or a set of bits.
export function unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== MAGIC) throw new Error("not a snapshot of this version");
  let start = 8 + new DataView(buffer).getUint32(4, true);
  const { rows, columns } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const found = new Map();
  for (const { name, bytes: width, low, values } of columns) {
    let numbers = bytes.subarray(start, start + rows);
    if (width > 1) {
      numbers = width === 2 ? new Uint16Array(rows) : new Uint32Array(rows);
      for (let plane = 0; plane < width; plane += 1) {
        const at = start + plane * rows;
        for (let i = 0; i < rows; i += 1) numbers[i] |= bytes[at + i] << (8 * plane);
      }
    }
    start += rows * width;
    found.set(name, { numbers: name === "x" || name === "y" ? summed(numbers) : numbers, low, values });
  }
  return { rows, columns: found };
}

function summed(steps) {
  const numbers = new Int32Array(steps.length);
  let at = 0;
  for (let i = 0; i < steps.length; i += 1) {
    at += (steps[i] >>> 1) ^ -(steps[i] & 1);
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

// The Web Mercator world, 256 units wide, from centimetres.
export function worldOf(x, y) {
  const [wx, wy] = [new Float64Array(x.length), new Float64Array(x.length)];
  for (let i = 0; i < x.length; i += 1) {
    const xi0 = y[i] / 100 / SCALE;
    const eta0 = (x[i] / 100 - EAST) / SCALE;
    // sums of sin(2jξ)cosh(2jη) and cos(2jξ)sinh(2jη) by Clenshaw's recurrence would save little: four terms
    let [xi, eta] = [xi0, eta0];
    for (let j = 0; j < 4; j += 1) {
      const k = 2 * (j + 1);
      xi -= BETA[j] * Math.sin(k * xi0) * Math.cosh(k * eta0);
      eta -= BETA[j] * Math.cos(k * xi0) * Math.sinh(k * eta0);
    }
    const sinh = Math.sinh(eta);
    const tau0 = Math.sin(xi) / Math.hypot(sinh, Math.cos(xi));
    let tau = tau0;
    for (let turn = 0; turn < 2; turn += 1) {
      const sigma = Math.sinh(E * Math.atanh((E * tau) / Math.hypot(1, tau)));
      const now = tau * Math.hypot(1, sigma) - sigma * Math.hypot(1, tau);
      tau += ((tau0 - now) / Math.hypot(1, now)) * ((1 + (1 - E * E) * tau * tau) / ((1 - E * E) * Math.hypot(1, tau)));
    }
    wx[i] = 256 * (0.5 + (MERIDIAN + Math.atan2(sinh, Math.cos(xi)) / RADIANS) / 360);
    wy[i] = 256 * (0.5 - Math.asinh(tau) / (2 * Math.PI));
  }
  return [wx, wy];
}
