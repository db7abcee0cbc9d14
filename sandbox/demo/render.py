"""Renders the demo's drawings: `python -m sandbox.demo.render [name…]` writes a PNG beside each SVG of images/."""

import io
import re
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"

#: Pixels per unit, by the width of the drawing: tiers are drawn small, posters large.
SCALES = {96: 2, 320: 3, 640: 2, 760: 2}
LOGO = 96
COLOURS = 56


def render(page: Page, drawing: Path) -> None:
    """Few flat colours make a small file. A logo keeps its transparent ground."""
    source = drawing.read_text()
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', source)
    if found is None:
        raise SystemExit(f"{drawing.name} has no viewBox.")
    width, height = int(found[1]), int(found[2])
    size = {"width": width * SCALES[width], "height": height * SCALES[width]}
    page.set_viewport_size(size)  # type: ignore[arg-type]
    sized = source.replace("<svg ", f'<svg width="{size["width"]}" height="{size["height"]}" style="display:block" ', 1)
    page.set_content(f'<body style="margin:0;background:transparent">{sized}')
    shot = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
    if width == LOGO:
        flat = shot.convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    else:
        flat = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    flat.save(drawing.with_suffix(".png"), optimize=True)


def main(names: list[str]) -> None:
    drawings = [IMAGES / f"{name}.svg" for name in names] or sorted(IMAGES.glob("*.svg"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        for drawing in drawings:
            render(page, drawing)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
