"""What holds on every page: it is accessible, reflows, and the keyboard reaches all of it. Each returns objections."""

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK, NARROW = 360, 1280, 320

#: Every control a visitor may act on, numbered; of a group of radio buttons, Tab reaches one.
NUMBER_CONTROLS = """() => {
  const names = new Set();
  const seen = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, video[controls], [tabindex="0"]')]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0)
    .filter(one => {
      if (one.type !== 'radio') return true;
      if (names.has(one.name)) return false;
      names.add(one.name);
      return true;
    });
  seen.forEach((one, index) => { one.dataset.control = one.type === 'radio' ? one.name : index; });
  document.querySelectorAll('input[type=radio]').forEach(one => { one.dataset.control = one.name; });
  document.activeElement?.blur();
  return seen.map(one => [one.dataset.control, one.outerHTML.slice(0, 120)]);
}"""

#: The control that has the focus, and whether a sighted person sees that it has.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  // A player's own buttons have the focus inside it, and the browser's ring around them.
  const outlined = one.tagName === 'VIDEO' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
  const shown = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  return [one.dataset.control ?? '', outlined && shown, one.outerHTML.slice(0, 120)];
}"""


def accessibility(axe, page, part=None, widths=(PHONE, DESK)):
    """axe-core on WCAG 2.2 A and AA, on a phone and on a desk; of the whole page unless `part` selects one."""
    found, options = [], {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        violations = axe.run(page, context=part, options=options).response["violations"]
        found += [f"at {width} px: {one['id']} {one['nodes'][0]['html'][:200]}" for one in violations]
    return found


def reflow(page):
    """At 320 px (400 % of 1280) nothing scrolls sideways (WCAG 1.4.10)."""
    page.set_viewport_size({"width": NARROW, "height": 900})
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{width} px wide on {NARROW} px"] if width > NARROW else []


def keyboard(page):
    """Tab reaches every control, and each shows that it has the focus (WCAG 2.1.1, 2.4.7)."""
    page.set_viewport_size({"width": DESK, "height": 900})
    controls = dict(page.evaluate(NUMBER_CONTROLS))
    reached, hidden = set(), []
    for _ in range(len(controls) + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        control, is_seen, html = focused
        reached.add(control)
        if not is_seen:
            hidden.append(f"focus is not seen: {html}")
    missed = [f"out of the keyboard's reach: {html}" for control, html in controls.items() if control not in reached]
    return missed + hidden
