"""What any page of a browser was forbidden by its Content-Security-Policy: a journey with one has failed."""

from contextlib import contextmanager
from urllib.parse import urlsplit

#: The hosts of cooperatives and of the platform; what stands in for the outside world has policies of its own.
OURS = ".localhost"
MARK = "violates its policy:"
#: Before anything of a page runs, and in each of its frames.
LISTEN = f"""addEventListener('securitypolicyviolation', event => console.error(
  '{MARK}', event.documentURI, event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber,
  event.sample));"""

_found = {}


@contextmanager
def noted(browser):
    """Every page of every context that is opened from here on is listened to."""
    opened, found = browser.new_context, _found.setdefault(browser, [])

    def new_context(**options):
        context = opened(**options)
        context.add_init_script(LISTEN)
        context.on("console", lambda message: found.extend(_objections(message)))
        return context

    browser.new_context = new_context
    try:
        yield
    finally:
        browser.new_context = opened
        del _found[browser]


def _objections(message):
    """The event's, and what a browser says of a header that it does not understand."""
    if MARK in message.text:
        where = message.text.partition(MARK)[2].split()[0]
    elif "Content-Security-Policy" in message.text or "Permissions-Policy" in message.text:
        where = message.page.url if message.page else ""
    else:
        return
    if (urlsplit(where).hostname or "").endswith(OURS):
        yield message.text


def taken(browser):
    """What was found since the last time."""
    found = list(_found[browser])
    _found[browser].clear()
    return found
