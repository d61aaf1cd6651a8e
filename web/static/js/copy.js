// Copy buttons beside addresses: shown only where the browser can copy; the address is selected in any case.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.firstChild; // what follows it says of which address, to a screen reader
  const label = words.data;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    words.data = button.dataset.done;
    setTimeout(() => (words.data = label), 2000);
  });
}
