// Says on the page that a passkey was not read; django-allauth says it in the console alone.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const failed = document.querySelector("[data-passkey-failed]");
  failed.hidden = false;
  failed.focus();
});
