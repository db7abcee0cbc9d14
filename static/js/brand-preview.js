// Shows the preview below its button, and again once the editor pauses. Without this file it opens in a new tab.
const PAUSE = 1200;

for (const panel of document.querySelectorAll("[data-brand-preview]")) {
  const form = panel.closest("form");
  const button = panel.querySelector("button");
  const samples = panel.querySelector("[data-brand-samples]");
  const address = panel.dataset.brandPreview;
  let timer;
  let asking;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const headers = { "X-Requested-With": "XMLHttpRequest" };
    try {
      const response = await fetch(address, { method: "POST", body: new FormData(form), headers, signal: asking.signal });
      if (!response.ok || response.redirected) return false;
      samples.innerHTML = await response.text();
      samples.hidden = false;
      return true;
    } catch (error) {
      // Asked again meanwhile, or offline: what is shown stays.
      return error.name === "AbortError";
    }
  };
  const later = () => {
    if (samples.hidden) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };

  // The form's own scripts take a press of a submit button for saving.
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    await ask();
    button.disabled = false;
  });
  form.addEventListener("input", later);
  form.addEventListener("change", later);
}
