// A place on the small map: from the device, by pointing, or the middle of the map. Without this script the address does it all.
/* global L */
import { makeMap } from "./basemap.js";

const [form, lat, lon, address, said] = ["place", "lat", "lon", "address", "locate-said"].map((id) => document.getElementById(id));
for (const part of form.querySelectorAll("[data-needs-script]")) part.hidden = false;
const map = makeMap(document.getElementById("map"), { scrollWheelZoom: false });
map.setView([52.45, 13.3], 7);
let marker = null;

function take({ lat: north, lng: east }, words, zoom) {
  lat.value = north.toFixed(5);
  lon.value = east.toFixed(5);
  lat.disabled = lon.disabled = false;
  address.value = "";
  if (marker) marker.setLatLng([north, east]);
  else marker = L.circleMarker([north, east], { color: "#fffdf8", weight: 3, fillColor: "#a8432a", fillOpacity: 1, radius: 10 }).addTo(map);
  if (zoom) map.setView([north, east], zoom);
  said.textContent = words;
}

address.addEventListener("input", () => {
  lat.disabled = lon.disabled = true; // what was typed last counts
  if (marker) marker.remove();
  marker = null;
  said.textContent = "";
});
map.on("click", ({ latlng }) => take(latlng, said.dataset.set));
document.getElementById("take-middle").addEventListener("click", () => take(map.getCenter(), said.dataset.set));
document.getElementById("locate").addEventListener("click", () => {
  said.textContent = said.dataset.search;
  const found = ({ coords }) => take({ lat: coords.latitude, lng: coords.longitude }, said.dataset.found, 15);
  const denied = () => {
    said.textContent = said.dataset.denied;
  };
  if (navigator.geolocation) navigator.geolocation.getCurrentPosition(found, denied, { enableHighAccuracy: true, timeout: 15000 });
  else denied();
});
