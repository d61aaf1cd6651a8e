// The travel-time surface behind the hits: one grey picture per centre (a pixel's grey is its minutes), coloured here at
// once for any limit. Moving the slider asks the server nothing.
/* global L */

const STEPS = [[15, "#0f5a46"], [30, "#2c7048"], [45, "#6f8a34"], [60, "#c39a2c"], [90, "#c2723a"], [120, "#a8553c"], [251, "#8d4a56"]];
const panel = document.getElementById("surface");
const choice = document.getElementById("surface-centre");
const range = document.getElementById("surface-range");
const number = document.getElementById("surface-minutes");
const median = document.getElementById("surface-median");
const note = document.getElementById("surface-note");
const narrow = document.getElementById("surface-filter"); // for Berlin Hbf, which is a criterion of the filter, too
const BERLIN = "berlin-hbf";
const colours = new Uint32Array(256);
const pictures = new Map();
let map = null;
let overlay = null;
let asked = "";

export const surfaceState = () => (overlay ? `${choice.value},${number.value},${median.checked ? "median" : "best"}` : "");

export function startSurface(onMap, changed) {
  map = onMap;
  const show = async () => {
    await draw();
    changed();
  };
  choice.addEventListener("change", show);
  median.addEventListener("change", show);
  range.addEventListener("input", () => {
    number.value = range.value;
    paint();
  });
  number.addEventListener("input", () => {
    if (!number.validity.valid || !number.value) return;
    range.value = number.value;
    paint();
  });
  for (const box of [range, number]) box.addEventListener("change", changed);
  panel.addEventListener("toggle", () => panel.open && fill());
  if (panel.open) fill();
  narrow.addEventListener("click", () => {
    const field = document.querySelector(`#filter-form [name="${median.checked ? "berlin_usual_max" : "berlin_max"}"]`);
    field.value = number.value;
    field.closest("details")?.setAttribute("open", "");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export async function restoreSurface(text) {
  const [key, minutes, kind] = text ? text.split(",") : ["", "60", "best"];
  if (!key && !overlay) return;
  panel.open = Boolean(key) || panel.open;
  await fill();
  choice.value = key;
  range.value = number.value = minutes;
  median.checked = kind === "median";
  await draw();
}

async function fill() {
  if (choice.options.length > 1) return;
  const got = await fetch(panel.dataset.centres);
  const { centres, run } = await got.json();
  if (choice.options.length > 1) return;
  for (const { key, name } of centres) choice.add(new Option(name, key));
  panel.dataset.about = run ? [new Date(run.day).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" }), run.window].filter(Boolean).join(", ") : "";
  if (!centres.length) note.textContent = panel.dataset.none;
}

async function draw() {
  const key = choice.value;
  asked = `${key}?${median.checked}`;
  overlay?.remove();
  overlay = null;
  note.textContent = "";
  narrow.hidden = key !== BERLIN;
  if (!key) return;
  const mine = asked;
  if (!pictures.has(asked)) pictures.set(asked, await load(key));
  if (mine !== asked) return;
  const { canvas, box } = pictures.get(asked);
  overlay = L.imageOverlay(canvas.toDataURL(), [[box[1], box[0]], [box[3], box[2]]], { pane: "surface", interactive: false, alt: "" });
  if (!map.getPane("surface")) map.createPane("surface").style.zIndex = 250;
  overlay.addTo(map);
  note.textContent = panel.dataset.about;
  paint();
}

async function load(key) {
  const got = await fetch(`${panel.dataset.picture.replace("KEY", key)}?zahl=${median.checked ? "median" : "best"}`);
  const bitmap = await createImageBitmap(await got.blob(), { colorSpaceConversion: "none" });
  const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const minutes = new Uint8Array(canvas.width * canvas.height);
  for (let i = 0; i < minutes.length; i += 1) minutes[i] = data[i * 4];
  return { canvas, minutes, box: got.headers.get("X-Box").split(",").map(Number) };
}

function paint() {
  if (!overlay) return;
  const { canvas, minutes } = pictures.get(asked);
  const limit = Number(number.value);
  colours.fill(0);
  for (let m = 1; m <= limit && m < 251; m += 1) {
    const hex = STEPS.find(([to]) => m <= to)[1];
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    colours[m] = (150 << 24) | (b << 16) | (g << 8) | r;
  }
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < minutes.length; i += 1) pixels[i] = colours[minutes[i]];
  canvas.getContext("2d").putImageData(image, 0, 0);
  overlay.setUrl(canvas.toDataURL());
}
