"""What stands in a page that its Content-Security-Policy forbids: scripts, styles, handlers, addresses that act."""

import re

#: With a type that a browser does not run, it is data.
SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)
DATA = re.compile(r"type=\\?[\"'](?:application/(?:ld\+)?json|text/template|text/django-form-template)", re.IGNORECASE)
ACTS = re.compile(
    r"<[a-z][^<>]*?\s(?:on[a-z]+\s*=|(?:href|action|formaction)=\\?[\"']?\s*javascript:)[^<>]*>", re.IGNORECASE
)
STYLE = re.compile(r"<style\b[^>]*>|<[a-z][^<>]*?\sstyle\s*=[^<>]*>", re.IGNORECASE)


def scripts_in(text: str) -> list[str]:
    """Of a page, or of a part of one in an answer to a script."""
    found = [tag for tag in SCRIPT.findall(text) if not DATA.search(tag)]
    return found + (ACTS.findall(text) if "script:" in text or " on" in text else [])


def styles_in(text: str) -> list[str]:
    return STYLE.findall(text)
