// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { ask, fillForm, onQuestion } from "./answer.js";

document.documentElement.classList.add("js");
if (matchMedia("(max-width: 1079px)").matches) document.getElementById("filters").open = false;

onQuestion(async (query, link) => {
  history.pushState(null, "", query.toString() ? `?${query}` : location.pathname);
  await ask(query);
  if (link?.rel) document.getElementById("answer").scrollIntoView();
});
addEventListener("popstate", () => {
  const query = new URLSearchParams(location.search);
  fillForm(query);
  ask(query);
});
