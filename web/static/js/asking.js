// The filter in the browser: what the description of the criteria says (VacancyFilter.schema()) is asked of the columns.
// A new criterion of a known kind needs nothing here; words are asked of the server, which answers with one bit per row.
import { toMetres } from "./snapshot.js";

const BITS = 31;
const DAY_MS = 86_400_000;
const STEPS = 16;
const single = (raw) => (raw.length === 1 ? raw[0].trim() : null);
const listed = (raw) => raw.flatMap((v) => v.split(",")).map((v) => v.trim()).filter(Boolean);

// Each kind turns the strings of an address into tests; null: not allowed, the server says why.
const KINDS = {
  choice: ({ column, array, options }, raw) => {
    const wanted = listed(raw);
    if (!wanted.every((v) => options.some((o) => o.value === v))) return null;
    if (!wanted.length) return [];
    return [array ? { is: "set", column, wanted } : { is: "place", column, wanted }];
  },
  rank: ({ column, options }, raw) => {
    const [value, more] = raw.length === 1 ? listed(raw) : raw;
    if (!value) return [];
    const place = options.findIndex((o) => o.value === value);
    return more || place < 0 ? null : [{ is: "place", column, wanted: options.slice(0, place + 1).map((o) => o.value) }];
  },
  flag: ({ column }, raw) => (["1", "true"].includes(single(raw)?.toLowerCase()) ? [{ is: "range", column, low: 1 }] : []),
  number: ({ column, lookup, lowest, highest }, raw) => {
    const n = whole(single(raw));
    return n === null || n < lowest || n > highest ? null : [{ is: "range", column, [lookup === "lte" ? "high" : "low"]: n }];
  },
  range: ({ column }, raw) => {
    const parts = /^(\d*)-(\d*)$/.exec(single(raw)?.replaceAll(" ", "") ?? "");
    if (!parts || !(parts[1] || parts[2])) return null;
    const [low, high] = [parts[1], parts[2]].map((v) => (v ? Number(v) : undefined));
    return low > high ? null : [{ is: "range", column, low, high }];
  },
  clock: ({ column }, raw) => {
    const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(single(raw) ?? "");
    if (!parts) return null;
    const minutes = parts[1] * 60 + Number(parts[2]);
    return [{ is: "range", column, low: minutes < 240 ? minutes + 1440 : minutes }];
  },
  day: ({ column }, raw) => {
    const day = dayOf(single(raw) ?? "");
    return day === null ? null : [{ is: "range", column, low: day }];
  },
  months: ({ column, lookup, highest }, raw, today) => {
    const n = whole(single(raw));
    if (n === null || n > highest) return null;
    const [year, month, day] = today.split("-").map(Number);
    const months = year * 12 + month - 1 - n;
    const limit = Date.UTC(Math.floor(months / 12), ((months % 12) + 12) % 12, Math.min(day, 28)) / DAY_MS;
    return [{ is: "range", column, [lookup === "lte" ? "high" : "low"]: limit }];
  },
  within: ({ column, options, highest }, raw) => {
    const tests = [];
    for (const part of listed(raw)) {
      const [kind, minutes] = part.split(":");
      const high = whole(minutes);
      if (high === null || high < 1 || high > highest || !options.some((o) => o.value === kind)) return null;
      tests.push({ is: "range", column: `${column}.${kind}`, high });
    }
    return tests;
  },
  near: (_criterion, raw) => {
    const [lon, lat, metres, more] = numbers(single(raw), ",") ?? [];
    if (metres === undefined || more !== undefined) return null;
    const [x, y] = toMetres(sixth(lon), sixth(lat));
    return [{ is: "circle", x, y, metres: Math.trunc(metres) }];
  },
  bbox: (_criterion, raw) => {
    const given = numbers(single(raw), ",");
    if (given?.length !== 4) return null;
    const [w, s, e, n] = given.map(sixth);
    const [west, east] = [Math.max(w, 5), Math.min(e, 25)]; // as the server does: a box over half the world has no metres
    const [south, north] = [Math.max(s, 45), Math.min(n, 60)];
    if (w >= e || s >= n) return null;
    if (west >= east || south >= north) return [{ is: "nothing" }];
    const along = (from, to) => Array.from({ length: STEPS }, (_v, i) => from + ((to - from) * i) / STEPS);
    const ring = [
      ...along(west, east).map((x) => [x, south]), ...along(south, north).map((y) => [east, y]),
      ...along(east, west).map((x) => [x, north]), ...along(north, south).map((y) => [west, y]),
    ];
    return [{ is: "ring", ring: ring.map(([x, y]) => toMetres(x, y)) }];
  },
  polygon: (_criterion, raw) => {
    const corners = (single(raw) ?? "").replace(/^;+|;+$/g, "").split(";").map((part) => numbers(part, ","));
    if (corners.length < 3 || corners.some((c) => c?.length !== 2)) return null;
    return [{ is: "ring", ring: corners.map(([x, y]) => toMetres(sixth(x), sixth(y))) }];
  },
};

const whole = (text) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : null);
const sixth = (v) => Math.round(v * 1e6) / 1e6;
function numbers(text, separator) {
  const found = (text ?? "").split(separator).map((v) => (v.trim() === "" ? NaN : Number(v)));
  return found.every(Number.isFinite) ? found : null;
}
function dayOf(text) {
  const at = /^(19|20)\d\d-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(text) ? null : at / DAY_MS; // there is no 31 February
}

// Return the tests of a question, one entry per criterion: { name, tests } or { name, words }; null where a value is not allowed.
export function readQuestion(schema, query, today) {
  const asked = [];
  for (const criterion of schema) {
    const raw = query.getAll(criterion.name).filter((v) => v.trim());
    if (!raw.length) continue;
    const read = KINDS[criterion.kind];
    if (!read) {
      asked.push({ name: criterion.name, words: raw });
      continue;
    }
    const tests = read(criterion, raw, today);
    if (!tests) return null;
    if (tests.length) asked.push({ name: criterion.name, tests });
  }
  return asked;
}

export const columnsOf = (question) => question.flatMap(({ tests }) => (tests ?? []).map((t) => t.column).filter(Boolean));

// --- tests over columns ----------------------------------------------------------------------------------------------

// Note for each row how many criteria it fails, and the last that it fails.
function mark(table, test, place, fails, failed) {
  const n = table.rows;
  const fail = (i) => {
    if (failed[i] === place) return;
    fails[i] += 1;
    failed[i] = place;
  };
  if (test.is === "nothing") for (let i = 0; i < n; i += 1) fail(i);
  if (test.is === "place") {
    const { numbers: codes, values, low } = table.columns.get(test.column);
    const hit = new Uint8Array(values.length + 2);
    for (const v of test.wanted) if (values.includes(v)) hit[Math.max(values.indexOf(v) - low + 1, 0)] = 1;
    hit[0] = 0;
    for (let i = 0; i < n; i += 1) if (!hit[codes[i]]) fail(i);
  }
  if (test.is === "set") {
    const { values } = table.columns.get(test.column);
    const words = Array.from({ length: Math.ceil(values.length / BITS) }, (_v, w) => ({
      numbers: table.columns.get(w ? `${test.column}#${w}` : test.column).numbers,
      bits: test.wanted.reduce((bits, v) => {
        const at = values.indexOf(v);
        return at >= w * BITS && at < (w + 1) * BITS ? bits | (1 << (at % BITS)) : bits;
      }, 0),
    }));
    if (words.length === 1) {
      const [{ numbers: sets, bits }] = words;
      for (let i = 0; i < n; i += 1) if (!(sets[i] & bits)) fail(i);
    } else for (let i = 0; i < n; i += 1) if (!words.some((w) => w.numbers[i] & w.bits)) fail(i);
  }
  if (test.is === "range") {
    const { numbers: found, low } = table.columns.get(test.column);
    const from = test.low === undefined ? 1 : Math.max(test.low - low + 1, 1);
    const to = test.high === undefined ? Infinity : test.high - low + 1;
    for (let i = 0; i < n; i += 1) if (found[i] < from || found[i] > to) fail(i);
  }
  if (test.is === "circle") {
    const { x, y } = table;
    for (let i = 0; i < n; i += 1) if (Math.hypot(x[i] / 100 - test.x, y[i] / 100 - test.y) > test.metres) fail(i);
  }
  if (test.is === "ring") {
    const inside = ringOf(test.ring);
    const { x, y } = table;
    for (let i = 0; i < n; i += 1) if (!inside(x[i] / 100, y[i] / 100)) fail(i);
  }
  if (test.is === "rows") {
    const own = table.columns.get("zeile")?.numbers; // a part of the rows knows their numbers in the whole
    for (let k = 0; k < n; k += 1) {
      const i = own ? own[k] : k;
      if (!(test.bits[i >> 3] & (1 << (i & 7)))) fail(k);
    }
  }
}

function ringOf(ring) {
  const [xs, ys] = [ring.map((p) => p[0]), ring.map((p) => p[1])];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return (x, y) => {
    if (x < west || x > east || y < south || y > north) return false;
    let inside = false;
    for (let i = 0, j = xs.length - 1; i < xs.length; j = i, i += 1) {
      if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
    }
    return inside;
  };
}

// Return { rows, counts }: the rows that meet all criteria, ascending, and for each facet the hits per option if it were chosen.
export function answer(table, question, facets) {
  const fails = new Uint8Array(table.rows);
  const failed = new Uint8Array(table.rows);
  question.forEach(({ tests }, k) => {
    for (const test of tests) mark(table, test, k + 1, fails, failed);
  });
  const rows = new Uint32Array(table.rows);
  const almost = new Uint32Array(table.rows); // rows that one criterion alone keeps out
  let [hits, misses] = [0, 0];
  for (let i = 0; i < table.rows; i += 1) {
    if (fails[i] === 0) rows[hits++] = i;
    else if (fails[i] === 1) almost[misses++] = i;
  }
  const counts = {};
  for (const facet of facets) {
    if (!table.columns.has(facet.column)) continue;
    const place = question.findIndex(({ name }) => name === facet.name) + 1;
    const tally = tallyOf(table, facet);
    for (let k = 0; k < hits; k += 1) tally.add(rows[k]);
    if (place) for (let k = 0; k < misses; k += 1) if (failed[almost[k]] === place) tally.add(almost[k]);
    counts[facet.name] = tally.read();
  }
  return { rows: rows.slice(0, hits), counts };
}

function tallyOf(table, facet) {
  const { numbers: found, values, low } = table.columns.get(facet.column);
  const n = new Uint32Array(values.length + BITS + 2);
  const read = () => {
    let sum = 0; // on a ranked list, "at least"
    return Object.fromEntries(facet.options.map(({ value }) => {
      const at = values.indexOf(value);
      const here = at < 0 ? 0 : n[facet.array ? at : at - low + 1];
      sum += here;
      return [value, facet.kind === "rank" ? sum : here];
    }));
  };
  if (!facet.array) return { add: (i) => { n[found[i]] += 1; }, read };
  const words = Array.from({ length: Math.ceil(values.length / BITS) }, (_v, w) => table.columns.get(w ? `${facet.column}#${w}` : facet.column).numbers);
  const add = (i) => {
    for (let w = 0; w < words.length; w += 1) {
      for (let bits = words[w][i]; bits; bits &= bits - 1) n[w * BITS + 31 - Math.clz32(bits & -bits)] += 1;
    }
  };
  return { add, read };
}
