// Hands the page's button to django-allauth's script (mfa/js/webauthn.js), and says on the page what that script says in
// the console alone: that a passkey was not read. Without this file the code of an application serves.
const button = document.querySelector("[data-passkey]");
const { addForm, authenticateForm } = window.allauth.webauthn.forms;
const credential = button.form.elements.credential.id;
const start = button.dataset.passkey === "add" ? addForm : authenticateForm;
start({ ids: { [button.dataset.passkey]: button.id, credential, data: "js_data" } });

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const failed = document.querySelector("[data-passkey-failed]");
  failed.hidden = false;
  failed.focus();
});
