// Further layers behind the hits: access classes as areas, isochrones of the chosen centre, facilities, pictures of remote
// services. Begun when the panel is opened; nothing is loaded before it is switched on.
/* global L */
import { fetched, tried } from "./hits.js";
import { MINUTES, row } from "./legend.js";
import { colours } from "./theme.js";

const panel = document.getElementById("layers");
const list = document.getElementById("layer-list");
const CLASSES = { A: "#0f5a46", B: "#2c7048", C: "#57722b", D: "#85650f", E: "#9a4f1d", F: "#963b3b", G: "#7b3a5e" };
const RINGS = MINUTES.slice(0, 5);
const told = document.getElementById("layers-note");
const legends = {};
const shown = new Map();
const boxes = () => [...list.querySelectorAll("input")];
let map = null;
let filled = null; // when the remote ones are on the list, too

// The layers that are switched on, for the address.
export const layersState = () => boxes().filter((box) => box.checked).map((box) => box.value).join();

export function startOverlays(onMap, changed) {
  map = onMap;
  map.createPane("overlays").style.zIndex = 260;
  Object.assign(legends, { classes: row("classes", []), isochrones: row("rings", RINGS), facilities: row("points", [["", colours().facility]]) });
  list.addEventListener("change", async (event) => {
    changed();
    await toggle(event.target);
    changed(); // where it could not be had it is off again
  });
  filled = fillRemote();
  changed();
  Promise.all(boxes().filter((box) => box.checked).map(toggle)).then(changed); // checked before this script was there
}

// Switch on what an address names, and off all else.
export async function restoreLayers(text) {
  const wanted = text?.split(",") ?? [];
  if (wanted.some((name) => name.startsWith("remote."))) await filled;
  await Promise.all(boxes().filter((box) => box.checked !== wanted.includes(box.value)).map((box) => {
    box.checked = !box.checked;
    return toggle(box);
  }));
}

async function toggle(box) {
  const name = box.value;
  told.textContent = "";
  if (!box.checked) {
    shown.get(name)?.remove();
    shown.delete(name);
  } else if (await tried({}, async () => {
    const layer = await MAKERS[box.dataset.kind](box);
    if (box.checked) shown.set(name, layer.addTo(map));
  })) {
    if (box.checked && shown.get(name).getLayers?.().length === 0) told.textContent = panel.dataset.none;
  } else box.checked = false; // the page says that the connection broke off
  for (const [kind, line] of Object.entries(legends)) line.hidden = !boxes().some((b) => b.checked && b.dataset.kind === kind);
}

async function areas(address, colour) {
  const style = ({ properties }) => ({ stroke: true, weight: 1, color: colour(properties), fillColor: colour(properties), fillOpacity: 0.28 });
  return L.geoJSON(await fetched(address, "json"), { pane: "overlays", interactive: false, style });
}

const MAKERS = {
  classes: (box) => areas(box.dataset.url, (p) => CLASSES[p.transit_class]),
  isochrones: (box) => areas(box.dataset.url, (p) => RINGS.find(([minutes]) => minutes === p.minutes)?.[1]),
  async facilities(box) {
    const renderer = L.canvas({ pane: "overlays" });
    return L.geoJSON(await fetched(box.dataset.url, "json"), {
      pane: "overlays",
      pointToLayer: (_feature, at) => L.circleMarker(at, { renderer, radius: 4, color: colours().paper, weight: 1, fillColor: colours().facility, fillOpacity: 0.9 }),
      onEachFeature: (feature, layer) => layer.bindTooltip(document.createTextNode(feature.properties.name || feature.properties.kind).data),
    });
  },
  remote: (box) => new Pictures(box.dataset.url),
};

// A remote WMS through our own cached proxy: one picture per tile.
const Pictures = L.GridLayer.extend({
  initialize(address) {
    L.GridLayer.prototype.initialize.call(this, { pane: "overlays", tileSize: 256, opacity: 0.8 });
    this._address = address;
  },
  createTile(at, done) {
    const corner = L.point(at.x, at.y).multiplyBy(256);
    const project = (p) => L.CRS.EPSG3857.project(this._map.unproject(p, at.z));
    const low = project(corner.add([0, 256]));
    const high = project(corner.add([256, 0]));
    const picture = document.createElement("img");
    picture.alt = "";
    picture.addEventListener("load", () => done(null, picture));
    picture.addEventListener("error", () => done(new Error("no picture"), picture));
    picture.src = `${this._address}?bbox=${[low.x, low.y, high.x, high.y].map((v) => v.toFixed(2)).join(",")}&width=256&height=256&crs=EPSG:3857`;
    return picture;
  },
});

async function fillRemote() {
  const got = await fetch(panel.dataset.remote);
  if (!got.ok) return;
  for (const { key, title, url, attribution } of (await got.json()).layers) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: `remote.${key}` });
    box.dataset.kind = "remote";
    box.dataset.url = url;
    const label = Object.assign(document.createElement("label"), { className: "option" });
    const words = document.createElement("span");
    words.append(title, Object.assign(document.createElement("small"), { textContent: ` ${attribution}` }));
    label.append(box, words);
    list.append(label);
  }
}
