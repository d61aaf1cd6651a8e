// A security key that fails says so on the page; django-allauth's scripts tell it by an event.
const trouble = document.getElementById("key-trouble");
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  trouble.hidden = false;
  trouble.textContent = trouble.dataset.text;
});
