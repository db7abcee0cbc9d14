// Asks again whether the goal is enough, once the editor pauses. Without this file the panel shows what was last saved.
const PAUSE = 1200;

for (const panel of document.querySelectorAll("[data-goal-panel]")) {
  const form = panel.closest("form");
  const result = panel.querySelector("[data-goal-result]");
  const address = panel.dataset.goalPanel;
  if (!form || !address) continue;
  let timer;
  let asking;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const response = await fetch(address, { method: "POST", body: new FormData(form), signal: asking.signal });
      if (!response.ok || response.redirected) return;
      const text = (await response.text()).trim();
      // Said again by a screen reader only where it says something else.
      if (text !== result.dataset.said) result.innerHTML = text;
      result.dataset.said = text;
    } catch {
      // Offline, or asked again meanwhile: what is shown stays.
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // Blocks that are added, moved or deleted change the form without an input.
  document.addEventListener("w-unsaved:add", later);
}
