// The list answers without loading the page anew; without JavaScript the form and the links do the same.
import { address, ask, fillForm, onQuestion } from "./answer.js";

onQuestion(async (query, link) => {
  history.pushState(null, "", address(query));
  await ask(query);
  if (link) focusAnswer(link);
});
addEventListener("popstate", () => {
  const query = new URLSearchParams(location.search);
  fillForm(query);
  ask(query);
});

// The link that was followed is gone with the old answer: go on at the new one.
function focusAnswer(link) {
  const head = document.querySelector("#answer h1");
  head.tabIndex = -1;
  head.focus({ preventScroll: true });
  if (link.rel) document.getElementById("answer").scrollIntoView();
}
