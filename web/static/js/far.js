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

  async begin(address, turn) {
    const schema = await fetched(`${address}kriterien.json`, "json");
    if (turn !== this.turn) return this.ready();
    this.take(address, schema, null);
  }

  // view: { zoom, box: [west, north, east, south] } in pixels at zoom 0. Returns spots or, near the ground, rows of `table`.
  async ask(query, { zoom, box }) {
    await this.ready();
    const question = readQuestion(this.schema, query, this.settings.today);
    if (!question) return null;
    const asked = new URLSearchParams(query);
    asked.set("sicht", [zoom, ...box.map((v) => v.toFixed(5))].join());
    const told = fetched(`${this.from}antwort.json?${asked}`, "json");
    if (zoom < TILE_ZOOM) return spotted(await told);
    const [table, rest] = await Promise.all([this.near(box), told, this.askWords(question)]);
    this.table = table;
    return { ...rest, rows: answer(table, question, []).rows };
  }

  async near([west, north, east, south]) {
    const wanted = [];
    for (let x = Math.floor(west / TILE); x <= east / TILE; x += 1) {
      for (let y = Math.floor(north / TILE); y <= south / TILE; y += 1) wanted.push(`${x}/${y}`);
    }
    if (this.kept.size > KEPT) this.kept.clear();
    return joined(await Promise.all(wanted.map((name) => this.once(`kachel/${name}.bin`, "arrayBuffer", opened))));
  }

  async keys() {
    return this.table?.keys ?? [];
  }

  async place(key) {
    await this.ready();
    return fetched(`${this.from}lage/${key}.json`, "json").then(({ at }) => at, () => null);
  }

  async more() {}
}

function spotted({ total, counts, box, spots, low }) {
  const gathered = spots.map(([x, y, n, first, west, north, east, south, ...shares]) => ({ x, y, n, first, box: [west, north, east, south], shares }));
  return { total, counts, box, spots: gathered, low };
}

function opened(tile) {
  const length = new DataView(tile).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(tile, 4 + length));
  return { ...unpack(tile.slice(4, 4 + length)), keys: text ? text.split("\n") : [] };
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
