// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { ask as asked, fillForm, onQuestion, onReturn, opened, tell } from "./answer.js";

const late = document.getElementById("late");
let last = null;
async function ask(query) {
  last = query; // asked again by the button
  const answered = await asked(query);
  if (answered !== false) late.hidden = answered;
  return answered;
}
late.querySelector("button").addEventListener("click", () => ask(last));

opened();
onQuestion(async (query, how, link) => {
  tell(query, how);
  if ((await ask(query)) && link?.rel) document.getElementById("answer").scrollIntoView();
});
onReturn((query) => {
  fillForm(query);
  ask(query);
});
