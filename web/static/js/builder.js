// Code and preview follow the form; without JavaScript its button does the same.
const form = document.getElementById("embed-form");
form.addEventListener("change", async () => {
  if (!form.reportValidity()) return;
  const query = new URLSearchParams(new FormData(form));
  const got = await fetch(`?${query}`);
  if (!got.ok) return;
  const page = new DOMParser().parseFromString(await got.text(), "text/html");
  document.getElementById("code").value = page.getElementById("code").value;
  for (const part of [".permalink", "#preview"]) document.querySelector(part).replaceWith(page.querySelector(part));
  history.replaceState(null, "", `?${query}`);
});
