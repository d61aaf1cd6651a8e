// The same answers as hits.js where there are too many rows to send: the server counts and gathers; near the ground the
// browser loads the rows of the tiles it shows, and asks those itself.
import { answer, readQuestion } from "./asking.js";
import { Hits, fetched } from "./hits.js";
import { unpack, worldOf } from "./snapshot.js";

const TILE_ZOOM = 11; // as in layers/publish/snapshot/spots.py
const TILE = 256 / 2 ** TILE_ZOOM;
const KEPT = 200;

export class FarHits extends Hits {
  isFar = true;
  tiles = new Map();

  async load(address = this.settings.snapshot) {
    this.address = address;
    this.tiles.clear();
    this.words.clear();
    this.table = null;
    this.schema = await (await fetched(`${address}kriterien.json`)).json();
  }

  // view: { zoom, box: [west, north, east, south] } in pixels at zoom 0. Returns spots or, near the ground, rows of `table`.
  async ask(query, { zoom, box }) {
    const question = readQuestion(this.schema, query, this.settings.today);
    if (!question) return null;
    const asked = new URLSearchParams(query);
    asked.set("sicht", [zoom, ...box.map((v) => v.toFixed(5))].join());
    const told = fetched(`${this.address}antwort.json?${asked}`).then((got) => got.json());
    if (zoom < TILE_ZOOM) return spotted(await told);
    const [table] = await Promise.all([this.near(box), this.askWords(question)]);
    this.table = table;
    return { ...(await told), rows: answer(table, question, []).rows };
  }

  async near([west, north, east, south]) {
    const wanted = [];
    for (let x = Math.floor(west / TILE); x <= east / TILE; x += 1) {
      for (let y = Math.floor(north / TILE); y <= south / TILE; y += 1) wanted.push(`${x}/${y}`);
    }
    if (this.tiles.size > KEPT) this.tiles.clear();
    for (const name of wanted) if (!this.tiles.has(name)) this.tiles.set(name, this.tile(name));
    return joined(await Promise.all(wanted.map((name) => this.tiles.get(name))));
  }

  async tile(name) {
    const buffer = await (await fetched(`${this.address}kachel/${name}.bin`)).arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const text = new TextDecoder().decode(new Uint8Array(buffer, 4 + length));
    return { ...unpack(buffer.slice(4, 4 + length)), keys: text ? text.split("\n") : [] };
  }

  async keys() {
    return this.table?.keys ?? [];
  }

  async place(key) {
    const got = await fetch(`${this.address}lage/${key}.json`);
    return got.ok ? (await got.json()).at : null;
  }

  async more() {}
}

function spotted({ total, counts, box, spots, low }) {
  const gathered = spots.map(([x, y, n, first, west, north, east, south, ...shares]) => ({ x, y, n, first, box: [west, north, east, south], shares }));
  return { total, counts, box, spots: gathered, low };
}

function joined(tables) {
  const rows = tables.reduce((n, t) => n + t.rows, 0);
  const columns = new Map();
  for (const [name, { numbers, low, values }] of tables[0].columns) {
    const whole = new numbers.constructor(rows);
    let at = 0;
    for (const table of tables) {
      whole.set(table.columns.get(name).numbers, at);
      at += table.rows;
    }
    columns.set(name, { numbers: whole, low, values });
  }
  const [x, y] = ["x", "y"].map((name) => columns.get(name).numbers);
  const [worldX, worldY] = worldOf(x, y);
  return { rows, columns, x, y, worldX, worldY, keys: tables.flatMap((t) => t.keys) };
}
