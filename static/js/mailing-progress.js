// Shows how far a mailing has got while it runs. Without this file the link « Look again » does.
const PAUSE = 3000;

for (const place of document.querySelectorAll("[data-mailing-progress]")) {
  const moving = () => place.querySelector("[data-mailing-moves]")?.dataset.mailingMoves === "yes";
  const link = document.querySelector("[data-mailing-reload]");
  if (!moving()) continue;
  if (link) link.hidden = true;

  const ask = async () => {
    if (document.hidden) return later();
    try {
      const response = await fetch(place.dataset.mailingProgress);
      if (!response.ok || response.redirected) throw new Error("not there");
      const text = await response.text();
      // The reader's place among the figures is kept where nothing changed.
      if (text !== place.dataset.said) place.innerHTML = text;
      place.dataset.said = text;
    } catch {
      if (link) link.hidden = false;
      return;
    }
    if (moving()) later();
    else location.reload();
  };
  const later = () => setTimeout(ask, PAUSE);
  later();
}
