// Solves the challenge of a form (ALTCHA's PBKDF2: which counter gives a key with this beginning?) with what the browser
// has built in, off the page's own thread, then posts the form. Without this file a link by email goes on.
const form = document.querySelector("[data-proof]");
const part = (name) => form.querySelector(`[data-proof-${name}]`);

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const solve = async ({ parameters }, lanes, progress) => {
  const salt = bytesOf(parameters.salt);
  const nonce = bytesOf(parameters.nonce);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations: parameters.cost };
  let next = 0;
  let found;
  const lane = async () => {
    while (!found) {
      const counter = next;
      next += 1;
      const password = new Uint8Array(nonce.length + 4);
      password.set(nonce);
      new DataView(password.buffer).setUint32(nonce.length, counter);
      const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const derived = await crypto.subtle.deriveBits(derivation, key, parameters.keyLength * 8);
      const derivedKey = hexOf(new Uint8Array(derived));
      if (derivedKey.startsWith(parameters.keyPrefix)) found = { counter, derivedKey };
      if (counter % 50 === 0) progress(counter);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return found;
};

const run = async () => {
  const challenge = JSON.parse(form.dataset.proof);
  const bar = part("progress");
  const lanes = Math.min(navigator.hardwareConcurrency || 2, 4);
  const solution = await solve(challenge, lanes, (counter) => {
    bar.value = counter / Number(form.dataset.most);
  });
  form.elements.proof.value = btoa(JSON.stringify({ challenge, solution }));
  form.requestSubmit();
};

const begin = () => {
  part("running").hidden = part("progress").hidden = false;
  part("otherwise").hidden = true;
  run().catch(() => {
    part("running").hidden = part("progress").hidden = true;
    part("failed").hidden = part("otherwise").hidden = false;
  });
};

if (globalThis.crypto?.subtle) begin();
else part("failed").hidden = false;
