// The first page of the list at once, from the columns alone; the server's own cards replace it when they are there.

const PAGE = 20;

// order: { column, descending }; keys (may be null) break ties as the server does.
export function firstRows(table, rows, { column, descending }, keys) {
  const numbers = table.columns.get(column)?.numbers;
  if (!numbers) return null;
  const sign = descending ? -1 : 1;
  const place = (i) => (descending || numbers[i] ? sign * numbers[i] : Infinity); // unknown comes last
  const before = (a, b) => place(a) - place(b) || (keys && keys[a] < keys[b] ? -1 : 1);
  const found = [];
  for (const i of rows) {
    if (found.length === PAGE && before(found[PAGE - 1], i) < 0) continue;
    let at = found.length;
    while (at && before(i, found[at - 1]) < 0) at -= 1;
    found.splice(at, 0, i);
    if (found.length > PAGE) found.pop();
  }
  return found;
}

const valueOf = (table, name, row) => {
  const { numbers, low, values } = table.columns.get(name) ?? { numbers: [] };
  return numbers[row] ? values[numbers[row] + low - 1] : "";
};

// Cards of rows: use, town and class, in the words of the form.
export function sketched(table, rows, { drawn }, form) {
  const label = (name, value) => {
    const box = form.querySelector(`[name="${name}"][value="${CSS.escape(value)}"], [name="${name}"] option[value="${CSS.escape(value)}"]`);
    return (box?.closest(".option")?.querySelector(".label") ?? box)?.textContent.trim() ?? "";
  };
  return rows.map((row) => {
    const letter = valueOf(table, drawn, row);
    const town = label("town", valueOf(table, "town_slug", row));
    const line = (className, text) => Object.assign(document.createElement("p"), { className, textContent: text });
    const dot = Object.assign(document.createElement("i"), { className: `dot t-${letter || "none"}`, textContent: letter || "–" });
    const body = document.createElement("div");
    const area = table.columns.get("usable_m2")?.numbers[row] ? table.columns.get("usable_m2").numbers[row] + table.columns.get("usable_m2").low - 1 : 0;
    const name = Object.assign(document.createElement("h2"), { textContent: [label("former_use", valueOf(table, "former_use", row)), town].filter(Boolean).join(", ") });
    body.append(name, line("where", label("town_size", valueOf(table, "town_size_class", row))), line("facts", area ? `${area.toLocaleString(document.documentElement.lang)}\u00a0m²` : "…"));
    const card = Object.assign(document.createElement("article"), { className: "card is-sketch" });
    card.append(dot, body);
    const item = document.createElement("li");
    item.append(card);
    return item;
  });
}
