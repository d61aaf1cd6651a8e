// The administration's map fields show the same basemap, so that a point can be set without asking a tile server.
import { drawBasemap } from "./basemap.js";

const NAMES = ["states", "brandenburg", "districts", "towns", "rivers", "lakes", "rail", "places"];
const folder = new URL("../basemap/", import.meta.url);
const files = Object.fromEntries(NAMES.map((name) => [name, new URL(`${name}.json`, folder).href]));

window.addEventListener("map:init", ({ detail: { map, options } }) => {
  if (options.djoptions.layers.length) return; // the operator's own basemap
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution("© GeoBasis-DE / BKG 2016 · VBB · Wessel & Smith");
  drawBasemap(map, files).then(() => { map.getContainer().dataset.ready = "1"; });
});
