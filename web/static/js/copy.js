// Copy buttons beside addresses: shown only where the browser can copy; an address that gets the focus is selected in any case.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.firstChild; // what follows it says of which address, to a screen reader
  const label = words.data;
  button.addEventListener("focus", () => button.setAttribute("aria-live", "polite")); // not before: buttons that appear would be read out
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.focus(); // not allowed: there it is, selected
      return;
    }
    words.data = button.dataset.done;
    setTimeout(() => (words.data = label), 2000);
  });
}
