// Runs static/js/proof.js as a page does, and prints what it posts. argv: the script, the challenge, its most tries.
const [script, challenge, most] = process.argv.slice(2);
const parts = {};
const form = {
  dataset: { proof: challenge, most },
  elements: { proof: { value: "" } },
  querySelector: (selector) => (parts[selector] ??= { hidden: true }),
  requestSubmit: () => console.log(form.elements.proof.value),
};
globalThis.navigator ??= { hardwareConcurrency: 2 }; // Node has none before 21
globalThis.document = { querySelector: () => form };
await import(script);
