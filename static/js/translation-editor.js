// Names the addresses of choosers, which wagtail-localize's page has in a script of its own, and
// says in the reader's language the two texts that wagtail-localize's own script has in English only.
const words = document.querySelector("[data-editor-words]")?.dataset;
const editor = document.querySelector(".js-translation-editor");

function mend() {
  for (const button of editor.querySelectorAll('[aria-label="More actions"]')) {
    button.setAttribute("aria-label", words.moreActions);
  }
  const texts = document.createTreeWalker(editor, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const own = { [words.englishTitle]: words.title, "More actions": words.moreActions }[texts.currentNode.data];
    if (own && own !== texts.currentNode.data) texts.currentNode.data = own;
  }
}

if (words && editor) {
  const { imageChooser, documentChooser, pageChooser } = words;
  window.chooserUrls ??= { imageChooser, documentChooser, pageChooser };
  new MutationObserver(mend).observe(editor, { childList: true, subtree: true });
  mend();
}
