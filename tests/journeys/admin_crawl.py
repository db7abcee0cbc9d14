"""The admin's pages as someone finds them: one of each kind, from the first page on."""

import re
from urllib.parse import urlsplit

#: What acts, what is a file, and what is one of many languages or orders of the same list.
LEFT_OUT = re.compile(r"logout|/(csv|pdf|export|download|html|text)/|as=|format=|export=|sprite|jsi18n|crossing")


def kind_of(address):
    return re.sub(r"\d+", "0", urlsplit(address).path)


def crawl(page, start, most):
    """At most so many kinds of pages; yields (address, status)."""
    host, waiting, seen, opened = urlsplit(start).netloc, [start], {kind_of(start)}, 0
    while waiting and opened < most:
        address = waiting.pop(0)
        status = page.goto(address).status
        opened += 1
        page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
        yield address, status
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            link = link.split("#")[0]
            parts = urlsplit(link)
            if parts.netloc != host or not parts.path.startswith("/admin/") or LEFT_OUT.search(link):
                continue
            if kind_of(link) not in seen:
                seen.add(kind_of(link))
                waiting.append(link)
