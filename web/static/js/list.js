// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { address, ask, fillForm, onQuestion } from "./answer.js";

onQuestion(async (query, link) => {
  history.pushState(null, "", address(query));
  if ((await ask(query)) && link?.rel) document.getElementById("answer").scrollIntoView();
});
addEventListener("popstate", () => {
  const query = new URLSearchParams(location.search);
  fillForm(query);
  ask(query);
});
