// A menu closes when the focus leaves it, with Escape, and with a click elsewhere; without this script its button does.
const MENUS = "#more, .menu";

function closeAllBut(place) {
  for (const menu of document.querySelectorAll(`:is(${MENUS})[open]`)) if (!menu.contains(place)) menu.open = false;
}

document.addEventListener("focusin", ({ target }) => closeAllBut(target));
document.addEventListener("click", ({ target }) => closeAllBut(target));
document.addEventListener("keydown", ({ key, target }) => {
  const menu = key === "Escape" && target.closest(`:is(${MENUS})[open]`);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
