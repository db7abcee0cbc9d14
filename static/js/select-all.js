// One box that ticks all languages.
const all = document.querySelector('[name="select_all"]');
all?.addEventListener("change", () => {
  for (const one of document.querySelectorAll('[name="locales"]')) one.checked = all.checked;
});
