// A press of "Save" takes along what was typed just before, and no older saving of the page by itself ends after it.
const EDITOR = "form[data-edit-form]";
const SETTLED = 300; // ms: a rich text fills its field 250 ms after the last key (Draftail's stateSaveInterval)

let touchedAt = -SETTLED;
const waiting = new WeakSet();
const ready = new WeakSet();

const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

function touched(event) {
  if (event.target.closest?.("[contenteditable]")) touchedAt = performance.now();
}

/** Resolves once everything typed is in the form and no saving is under way. */
async function settled(form) {
  await pause(touchedAt + SETTLED - performance.now());
  const saver = window.wagtail.app.getControllerForElementAndIdentifier(form, "w-autosave");
  if (!saver) return;
  saver.activeValue = false;
  await saver.submitPromise;
}

function submit(form, submitter) {
  waiting.delete(form);
  ready.add(form);
  // Wagtail has made the pressed button wait: while it does, the form would not say which button it was.
  const waits = submitter?.disabled;
  if (waits) submitter.disabled = false;
  form.requestSubmit(submitter);
  if (waits) submitter.disabled = true;
}

function submitting(event) {
  const { target: form, submitter } = event;
  if (!form.matches(EDITOR) || ready.delete(form)) return;
  event.preventDefault();
  event.stopPropagation();
  if (waiting.has(form)) return;
  waiting.add(form);
  settled(form).finally(() => submit(form, submitter));
}

["keydown", "paste", "drop"].forEach((kind) => document.addEventListener(kind, touched, true));
document.addEventListener("submit", submitting, true);
