// What lies at one place: its cards in a popup of the map, a few at once and the others by a button.
/* global L */
import { fetched } from "./hits.js";

const AT_ONCE = 8;

// Return the first cards. address: where a card is, with KEY in it; more: "Noch {n} zeigen"; guarded(work): does work that may
// find a row gone.
export async function cardsOf(keys, address, more, guarded) {
  const body = document.createElement("div");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "small" });
  let shown = 0;
  const next = async () => {
    const part = keys.slice(shown, shown + AT_ONCE);
    const cards = await Promise.all(part.map((key) => fetched(address.replace("KEY", key), "text")));
    shown += part.length;
    for (const card of cards) body.append(...new DOMParser().parseFromString(card, "text/html").body.childNodes);
    button.remove();
    button.textContent = more.replace("{n}", keys.length - shown);
    if (shown < keys.length) body.append(button);
  };
  button.addEventListener("click", () => guarded(async () => {
    const before = shown;
    await next();
    body.querySelectorAll(".card a[href]")[before].focus();
  }));
  await next();
  return body;
}

// Show the cards at a place; close: what the button that closes says.
export function openPopup(map, at, body, close) {
  const { x } = map.getSize(); // on a wide map beside the panels, below the buttons
  const popup = L.popup({ maxWidth: 300, autoPanPaddingTopLeft: [56, x > 500 ? 110 : 20], autoPanPaddingBottomRight: [Math.min(280, Math.max(20, x - 365)), 40] }).setLatLng(at).setContent(body).openOn(map);
  const element = popup.getElement();
  element.setAttribute("role", "dialog");
  element.setAttribute("aria-label", body.querySelector("h2")?.textContent ?? "");
  element.querySelector(".leaflet-popup-close-button").setAttribute("aria-label", close);
  return element;
}
