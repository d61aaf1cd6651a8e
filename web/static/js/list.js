// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { ask, fillForm, onQuestion, onReturn, opened, tell } from "./answer.js";

opened();
onQuestion(async (query, how, link) => {
  tell(query, how);
  if ((await ask(query)) && link?.rel) document.getElementById("answer").scrollIntoView();
});
onReturn((query) => {
  fillForm(query);
  ask(query);
});
