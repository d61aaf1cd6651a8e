// Rows of the legend for what the panels add to the map: colours and what they stand for.

export const MINUTES = [[15, "#0f5a46"], [30, "#2c7048"], [45, "#6f8a34"], [60, "#c39a2c"], [90, "#c2723a"], [120, "#a8553c"], [250, "#8d4a56"]];
const legend = document.getElementById("legend");

// Add a row, hidden until it is needed; title: a key of the legend's words; parts: pairs of text and colour.
export function row(title, parts) {
  const line = Object.assign(document.createElement("p"), { hidden: true });
  line.append(legend.dataset[title], ...parts.map(([text, colour]) => {
    const part = document.createElement("span");
    const box = Object.assign(document.createElement("i"), { className: "box" });
    box.style.background = colour;
    part.append(box, text);
    return part;
  }));
  legend.append(line);
  return line;
}
