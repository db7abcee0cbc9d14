/* Beside a text field for a colour: the browser's palette, and a button that takes the colour on offer. */

const WHOLE = /^#[0-9a-f]{6}$/i;

function tell(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function name(field) {
  return (field.labels[0]?.textContent ?? "").replace("*", "").trim();
}

function palette(field) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.className = "colour-field__palette";
  picker.setAttribute("aria-label", `${field.dataset.palette}, ${name(field)}`);
  const follow = () => {
    if (WHOLE.test(field.value.trim())) picker.value = field.value.trim().toLowerCase();
  };
  follow();
  field.addEventListener("input", follow);
  picker.addEventListener("input", () => {
    field.value = picker.value;
    tell(field);
  });
  return picker;
}

function offer(field) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small button-secondary";
  button.textContent = field.dataset.offerWords;
  button.addEventListener("click", () => {
    field.value = field.dataset.offer;
    tell(field);
    field.focus();
    button.remove();
  });
  return button;
}

for (const field of document.querySelectorAll("input[data-colour]")) {
  const row = document.createElement("span");
  row.className = "colour-field";
  row.append(palette(field)); // while the field still stands where its label finds it
  if (field.dataset.offer) row.append(offer(field));
  field.replaceWith(row);
  row.prepend(field);
}
