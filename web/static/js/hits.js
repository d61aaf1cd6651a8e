// Which rows meet the filter, and how many there are per option: asked of the snapshot in this page, in a worker where there
// are many rows, or of the server where there are too many to send.
import { answer, columnsOf, readQuestion } from "./asking.js";
import { unpack, worldOf } from "./snapshot.js";

const MANY = 100_000; // rows above which a worker counts, so that the page stays quick to the touch
// A part of a snapshot that is not there: the rows have changed since.
export class Missing extends Error {}
// The server was not reached, or could not answer; the same may be asked again.
export class Unreached extends Error {}

// as: "json", "text" or "arrayBuffer"
export async function fetched(address, as) {
  let status = 0;
  try {
    const got = await fetch(address);
    if (got.ok) return await got[as]();
    status = got.status;
  } catch {
    // said below
  }
  throw new (status === 404 ? Missing : Unreached)(`${address}: ${status}`);
}

// Rows change while a page is open, and connections break off: then the map lags behind, says so and offers to try again.
const late = document.getElementById("late");

// Do something with the rows of `hits`; returns whether it went well. hits.address is empty where the rows have changed since.
export async function tried(hits, work) {
  try {
    await work();
    return true;
  } catch (problem) {
    if (problem instanceof Missing) hits.address = "";
    else if (problem instanceof Unreached) isLate();
    else throw problem;
    return false;
  }
}

// The same; where the rows have changed since, renew() takes the new ones, and again() goes on with them.
export async function surely(hits, work, renew, again = work) {
  if ((await tried(hits, work)) || hits.address) return;
  if ((await tried(hits, renew)) && hits.address) await tried(hits, again);
}

export const isLate = () => { late.hidden = false; };
export const upToDate = () => { late.hidden = true; };

export function onRetry(callback) {
  late.querySelector("button").addEventListener("click", callback);
}

export class Hits {
  turn = 0;

  // settings: { today, snapshot (address of the folder), worker (address of hits_worker.js), many (rows for a worker) }
  constructor(settings) {
    this.settings = { many: MANY, ...settings };
  }

  // Load the rows of a folder: positions and first columns; the rest follows by itself. Whoever asks hears of what broke off.
  load(address = this.settings.snapshot) {
    this.address = address;
    this.turn += 1;
    const loading = this.begin(address, this.turn);
    this.loading = loading;
    loading.catch(() => { if (this.loading === loading) this.loading = null; });
    return loading;
  }

  // Wait for the rows; a loading that broke off begins again.
  ready() {
    return this.loading ?? this.load(this.address || undefined);
  }

  async begin(address, turn) {
    const [schema, mine] = await Promise.all([
      fetched(`${address}kriterien.json`, "json"),
      fetched(`${address}zuerst.bin`, "arrayBuffer").then((rows) => unpack(rows)),
    ]);
    if (turn !== this.turn) return this.ready();
    [mine.x, mine.y] = ["x", "y"].map((name) => mine.columns.get(name).numbers);
    [mine.worldX, mine.worldY] = worldOf(mine.x, mine.y);
    this.take(address, schema, mine);
    this.facets = schema.filter((c) => c.kind === "rank" || (c.kind === "choice" && c.name !== "town"));
    this.worker?.postMessage({ end: true }); // when it has answered what it was asked
    this.worker = mine.rows > this.settings.many ? this.hire(mine) : null;
  }

  take(from, schema, table) {
    Object.assign(this, { from, schema, table, kept: new Map() });
  }

  // A part of the rows at hand, read once; what broke off is asked for again the next time.
  once(part, as, read = (got) => got) {
    const { kept, from } = this;
    if (!kept.has(part)) {
      const asked = fetched(from + part, as).then(read);
      kept.set(part, asked);
      asked.catch(() => kept.delete(part));
    }
    return kept.get(part);
  }

  // All other columns.
  async more() {
    if (!this.table) await this.ready();
    const { table } = this;
    return this.once("dann.bin", "arrayBuffer", (got) => {
      const { columns } = unpack(got, table.columns);
      for (const [name, column] of columns) table.columns.set(name, column);
      if (table === this.table) this.worker?.postMessage({ columns });
    });
  }

  async keys() {
    if (!this.table) await this.ready();
    const { table } = this;
    return this.once("kennungen.bin", "text", (got) => {
      table.keys = got ? got.split("\n") : [];
      return table.keys;
    });
  }

  // Where a row lies, in pixels at zoom 0; null where the map has no such row.
  async place(key) {
    await this.keys();
    const { keys = [], worldX, worldY } = this.table;
    const row = keys.indexOf(key);
    return row < 0 ? null : [worldX[row], worldY[row]];
  }

  // Return { rows, counts }, or null where a value is not allowed: the server's page says what is wrong.
  async ask(query) {
    await this.ready();
    const { table } = this;
    const question = readQuestion(this.schema, query, this.settings.today);
    if (!question) return null;
    if (columnsOf(question).some((name) => !table.columns.has(name))) await this.more();
    await this.askWords(question);
    if (table === this.table) {
      const found = this.worker ? await this.counted(question) : answer(table, question, this.facets);
      if (table === this.table) return found;
    }
    return this.ask(query); // other rows have come meanwhile
  }

  async askWords(question) {
    await Promise.all(question.filter((part) => part.words).map(async (part) => {
      part.tests = [{ is: "rows", bits: await this.answered(part) }];
    }));
  }

  async answered({ name, words }) {
    return new Uint8Array(await this.once(`treffer.bin?${new URLSearchParams(words.map((v) => [name, v]))}`, "arrayBuffer"));
  }

  hire({ rows, x, y, columns }) {
    const worker = new Worker(this.settings.worker, { type: "module" });
    worker.onerror = () => { if (this.worker === worker) this.worker = null; }; // the page counts by itself
    worker.postMessage({ table: { rows, x, y, columns }, facets: this.facets });
    return worker;
  }

  // Each question is answered on a port of its own.
  counted(question) {
    const { worker, table, facets } = this;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        resolve(data);
        port1.close();
      };
      worker.addEventListener("error", () => resolve(answer(table, question, facets)), { once: true });
      worker.postMessage({ question, port: port2 }, [port2]);
    });
  }
}
