// Starts what Wagtail's fields start by a script in the page, which the policy of our pages forbids.
const MADE = new Set([
  "Chooser", "PageChooser", "ImageChooser", "DocumentChooser", "SnippetChooser", "InlinePanel", "MultipleChooserPanel",
]);
const CALLED = new Set([
  "initDateChooser", "initTimeChooser", "initDateTimeChooser", "createTaskChooser", "createMediaChooser",
]);
const WAITING = "template[data-starts]";

function start(one) {
  if (!one.isConnected) return;
  const { starts, with: given } = one.dataset;
  one.remove();
  if (MADE.has(starts)) new window[starts](...JSON.parse(given));
  if (CALLED.has(starts)) window[starts](...JSON.parse(given));
}

function startIn(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  if (node.matches(WAITING)) start(node);
  node.querySelectorAll(WAITING).forEach(start);
}

startIn(document.documentElement);
new MutationObserver((records) => records.forEach((record) => record.addedNodes.forEach(startIn)))
  .observe(document.documentElement, { childList: true, subtree: true });
