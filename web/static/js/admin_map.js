// The administration's map fields show the pages' own basemap: a point can be set without asking a tile server.

const NAMES = ["states", "brandenburg", "districts", "towns", "rivers", "lakes", "rail", "places"];
const folder = new URL("../basemap/", import.meta.url);
const files = Object.fromEntries(NAMES.map((name) => [name, new URL(`${name}.json`, folder).href]));

window.addEventListener("map:init", async ({ detail: { map, options } }) => {
  map.attributionControl.setPrefix(false);
  if (options.djoptions.layers.length) return; // the operator's own basemap
  map.attributionControl.addAttribution("© GeoBasis-DE / BKG 2016 · VBB · Wessel & Smith");
  const { drawBasemap } = await import("./basemap.js");
  await drawBasemap(map, files);
  map.getContainer().dataset.ready = "1";
});
