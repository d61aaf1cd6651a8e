// The map of a comparison: towns and vacancies that gain or lose minutes to Berlin Hbf, by sign and colour.
/* global L */
import { makeMap } from "./basemap.js";

const element = document.getElementById("map");
const map = makeMap(element, { scrollWheelZoom: false });
map.setView([52.45, 13.3], 7.5);
const COLOURS = { gain: "#1f5a45", loss: "#a8432a", same: "#6b6f69" };
const SIGNS = { gain: "+", loss: "−", same: "" };

function wayOf(values) {
  const was = values.berlin_best_before;
  const now = values.berlin_best_after;
  if (was === now) return "same";
  if (was === null || was === undefined) return "gain";
  if (now === null || now === undefined) return "loss";
  return now < was ? "gain" : "loss";
}

const answer = await fetch(element.dataset.layer);
if (answer.ok) {
  const { features } = await answer.json();
  const layer = L.geoJSON({ type: "FeatureCollection", features }, {
    interactive: false,
    pointToLayer: ({ properties }, at) => {
      const way = wayOf(properties);
      const style = { color: "#fffdf8", weight: 1, fillColor: COLOURS[way], fillOpacity: 0.9, interactive: false };
      if (properties.kind === "vacancy") return L.circleMarker(at, { ...style, radius: 3.5 });
      const ring = L.circleMarker(at, { ...style, weight: 2, radius: 9 });
      const sign = L.tooltip(at, { content: SIGNS[way], permanent: true, direction: "center", className: "way-sign", interactive: false });
      return SIGNS[way] ? L.layerGroup([ring, sign]) : ring;
    },
  });
  layer.addTo(map);
  const points = features.map(({ geometry }) => [geometry.coordinates[1], geometry.coordinates[0]]);
  if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [25, 25], maxZoom: 11 });
  element.dataset.drawn = String(features.length);
}
