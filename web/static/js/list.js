// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { ask, fillForm, onQuestion, onReturn, tell } from "./answer.js";

onQuestion(async (query, link) => {
  tell(query, "pushState");
  if ((await ask(query)) && link?.rel) document.getElementById("answer").scrollIntoView();
});
onReturn((query) => {
  fillForm(query);
  ask(query);
});
