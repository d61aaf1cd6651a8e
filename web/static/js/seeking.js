// The live count while one fills in a request for space; without this script it stands on each step's page.
const form = document.querySelector("form[data-count]");
const told = form.querySelector("[data-live-count]");
const WAIT_MS = 300;
let waiting = 0;
let running = null;

async function ask() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.count, { method: "POST", body: new FormData(form), signal: running.signal });
    if (!answer.ok) return;
    const { text } = await answer.json();
    if (told.textContent !== text) told.textContent = text; // a reader hears what has changed, and only then
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // a later question, or no connection
  }
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, WAIT_MS);
});
