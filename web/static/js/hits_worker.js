// Counts beside the page, where there are many rows; answers each question on the port that came with it.
import { answer } from "./asking.js";

let table = null;
let facets = [];

onmessage = ({ data }) => {
  if (data.table) {
    table = data.table;
    facets = data.facets;
  }
  if (data.columns) for (const [name, column] of data.columns) table.columns.set(name, column);
  if (data.end) close();
  if (!data.question) return;
  const found = answer(table, data.question, facets);
  data.port.postMessage(found, [found.rows.buffer]);
};
