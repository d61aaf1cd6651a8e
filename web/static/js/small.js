// The small map of a vacancy, of the access classes, of what is reached from a vacancy, of the vacancies that fit a request, or of several places.
/* global L */
import { makeMap } from "./basemap.js";

const element = document.getElementById("map");
const shape = JSON.parse(document.getElementById("shape")?.textContent ?? "null");
const map = makeMap(element, { scrollWheelZoom: false });
const { kind } = element.dataset;
if (kind === "classes") {
  const colours = { A: "#0f5a46", B: "#2c7048", C: "#57722b", D: "#85650f", E: "#9a4f1d", F: "#963b3b", G: "#7b3a5e" };
  const style = ({ properties: { transit_class: letter } }) => ({ stroke: false, fillColor: colours[letter], fillOpacity: 0.6 });
  map.fitBounds([[51.36, 11.27], [53.56, 14.77]]);
  const got = await fetch(element.dataset.areas);
  if (got.ok) L.geoJSON(await got.json(), { interactive: false, style }).addTo(map);
} else if (kind === "spots") {
  const style = { color: "#fffdf8", weight: 2, fillColor: "#a8432a", fillOpacity: 0.95, radius: 8 };
  const point = ({ properties: { name } }, at) => L.circleMarker(at, style).bindTooltip(Object.assign(document.createElement("span"), { textContent: name }));
  const spots = L.geoJSON(shape, { pointToLayer: point }).addTo(map);
  map.fitBounds(spots.getBounds(), { padding: [25, 25], maxZoom: 12 });
} else if (kind === "reach") {
  const { area, lines } = JSON.parse(document.getElementById("reach").textContent);
  const parts = [
    area && L.geoJSON(area, { interactive: false, style: { color: "#1f5a45", weight: 1.5, fillColor: "#2c7048", fillOpacity: 0.22 } }),
    lines && L.geoJSON(lines, { interactive: false, style: { color: "#a8432a", weight: 2, opacity: 0.55 } }),
  ].filter(Boolean);
  const at = [shape.coordinates[1], shape.coordinates[0]];
  map.setView(at, 10);
  if (area) map.fitBounds(parts[0].getBounds(), { padding: [15, 15] });
  for (const part of parts) part.addTo(map);
  L.circleMarker(at, { color: "#fffdf8", weight: 3, fillColor: "#a8432a", fillOpacity: 1, radius: 8, interactive: false }).addTo(map);
} else if (kind === "places") {
  const style = { color: "#fffdf8", weight: 2, fillColor: "#a8432a", fillOpacity: 0.95, radius: 9 };
  const layer = L.geoJSON(shape, {
    pointToLayer: (_feature, at) => L.circleMarker(at, style),
    onEachFeature: ({ properties: { name, note, url } }, marker) => {
      const said = document.createElement("p");
      const title = url ? Object.assign(document.createElement("a"), { href: url }) : document.createElement("strong");
      title.textContent = name;
      said.append(title, document.createElement("br"), note);
      marker.bindPopup(said);
    },
  }).addTo(map);
  const box = layer.getBounds();
  if (box.isValid()) map.fitBounds(box, { padding: [30, 30], maxZoom: 11 });
  else map.fitBounds([[51.36, 11.27], [53.56, 14.77]]);
} else {
  const at = [shape.coordinates[1], shape.coordinates[0]];
  map.setView(at, kind === "exact" ? 11.5 : 12);
  const style = { color: "#fffdf8", weight: 3, fillColor: "#a8432a", fillOpacity: 0.95, interactive: false };
  if (kind === "exact") L.circleMarker(at, { ...style, radius: 10 }).addTo(map);
  else L.circle(at, { ...style, radius: 354, color: "#a8432a", dashArray: "6 4", fillOpacity: 0.2 }).addTo(map);
}
map.getPane("overlayPane").ariaHidden = "true"; // what is drawn stands in words beside the map
