// Which rows meet the filter, and how many there are per option: asked of the snapshot in this page, in a worker where there
// are many rows, or of the server where there are too many to send.
import { answer, columnsOf, readQuestion } from "./asking.js";
import { unpack, worldOf } from "./snapshot.js";

const MANY = 100_000; // rows above which a worker counts, so that the page stays quick to the touch
// A part of a snapshot that is not there: the rows have changed since.
export class Missing extends Error {}

export const fetched = async (address) => {
  const got = await fetch(address);
  if (!got.ok) throw new Missing(`${address}: ${got.status}`);
  return got;
};

export class Hits {
  // settings: { today, snapshot (address of the folder), worker (address of hits_worker.js) }
  constructor(settings) {
    this.settings = settings;
    this.words = new Map(); // answers of the server to what the columns do not know
  }

  // Load the positions and the first columns; the rest follows by itself.
  async load(address = this.settings.snapshot) {
    this.address = address;
    const criteria = fetched(`${address}kriterien.json`).then((got) => got.json());
    const rows = await fetched(`${address}zuerst.bin`);
    const mine = unpack(await rows.arrayBuffer());
    const schema = await criteria;
    if (this.address !== address) return;
    this.schema = schema;
    this.facets = schema.filter((c) => c.kind === "rank" || (c.kind === "choice" && c.name !== "town"));
    [this.table, this.rest, this.names, this.keyList, this.worker] = [mine, null, null, null, this.worker?.terminate()];
    this.words.clear();
    [mine.x, mine.y] = ["x", "y"].map((name) => mine.columns.get(name).numbers);
    [mine.worldX, mine.worldY] = worldOf(mine.x, mine.y);
    if (mine.rows > MANY) this.worker = new Worker(this.settings.worker, { type: "module" });
    this.worker?.postMessage({ table: { rows: mine.rows, x: mine.x, y: mine.y, columns: mine.columns }, facets: this.facets });
  }

  // All other columns, once.
  more() {
    const { table, address } = this;
    this.rest ??= fetched(`${address}dann.bin`).then(async (got) => {
      const { columns } = unpack(await got.arrayBuffer(), table.columns);
      for (const [name, column] of columns) table.columns.set(name, column);
      if (table === this.table) this.worker?.postMessage({ columns });
    });
    return this.rest;
  }

  keys() {
    this.names ??= fetched(`${this.address}kennungen.bin`).then(async (got) => {
      const text = await got.text();
      const keys = text ? text.split("\n") : [];
      this.keyList = keys;
      return keys;
    }).catch((problem) => {
      if (!(problem instanceof Missing)) throw problem;
      this.address = "";
      return [];
    });
    return this.names;
  }

  // Where a row lies, in pixels at zoom 0; null where the map has no such row.
  async place(key) {
    const row = (await this.keys()).indexOf(key);
    return row < 0 ? null : [this.table.worldX[row], this.table.worldY[row]];
  }

  // Return { rows, counts }, or null where a value is not allowed: the server's page says what is wrong.
  async ask(query) {
    const question = readQuestion(this.schema, query, this.settings.today);
    if (!question) return null;
    if (columnsOf(question).some((name) => !this.table.columns.has(name))) await this.more();
    await this.askWords(question);
    return this.worker ? this.counted(question) : answer(this.table, question, this.facets);
  }

  async askWords(question) {
    await Promise.all(question.filter((part) => part.words).map(async (part) => {
      part.tests = [{ is: "rows", bits: await this.answered(part) }];
    }));
  }

  async answered({ name, words }) {
    const asked = new URLSearchParams(words.map((v) => [name, v])).toString();
    if (!this.words.has(asked)) this.words.set(asked, fetched(`${this.address}treffer.bin?${asked}`).then((got) => got.arrayBuffer()));
    return new Uint8Array(await this.words.get(asked));
  }

  counted(question) {
    return new Promise((resolve) => {
      this.worker.onmessage = ({ data }) => resolve(data);
      this.worker.postMessage({ question });
    });
  }
}
