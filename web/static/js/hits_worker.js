// Counts beside the page, where there are many rows; answers questions in turn.
import { answer } from "./asking.js";

let table = null;
let facets = [];

onmessage = ({ data }) => {
  if (data.table) {
    table = data.table;
    facets = data.facets;
  }
  if (data.columns) for (const [name, column] of data.columns) table.columns.set(name, column);
  if (!data.question) return;
  const found = answer(table, data.question, facets);
  postMessage(found, [found.rows.buffer]);
};
