// The small map of a vacancy or a town.
/* global L */
import { makeMap } from "./basemap.js";

const element = document.getElementById("map");
const shape = JSON.parse(document.getElementById("shape").textContent);
const map = makeMap(element, { scrollWheelZoom: false });
const { kind } = element.dataset;
if (kind === "area") {
  const area = L.geoJSON(shape, { interactive: false, style: { color: "#1f5a45", weight: 2.5, fillColor: "#1f5a45", fillOpacity: 0.08 } });
  map.fitBounds(area.getBounds(), { padding: [15, 15] });
  area.addTo(map);
} else {
  const at = [shape.coordinates[1], shape.coordinates[0]];
  map.setView(at, kind === "exact" ? 11.5 : 12);
  const style = { color: "#fffdf8", weight: 3, fillColor: "#a8432a", fillOpacity: 0.95, interactive: false };
  if (kind === "exact") L.circleMarker(at, { ...style, radius: 10 }).addTo(map);
  else L.circle(at, { ...style, radius: 354, color: "#a8432a", dashArray: "6 4", fillOpacity: 0.2 }).addTo(map);
}
