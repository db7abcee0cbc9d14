"""What a visitor reads on a campaign page."""

import re
from html import unescape

from django.utils.html import strip_tags


def words(html):
    """What is read on the page: blocks apart, spaces made one."""
    apart = re.sub(r"<(?!/?(?:b|a|span)\b)", " <", html)
    return re.sub(r"\s+", " ", unescape(strip_tags(apart)).replace("\u00a0", " ")).strip()


def part(html, start, end="</section>"):
    """The words from one mark of the page to the next."""
    return words(html[html.index(start) :].split(end, 1)[0].split(">", 1)[1])


def tally(html):
    return part(html, '<section class="tally"')


def headline(html):
    return part(html, '<p class="tally__sum', "</p>")


def tiers(html):
    """The words of each tier, in page order."""
    return [words(f"<article{piece}") for piece in re.findall(r'<article( class="tier.*?)</article>', html, re.DOTALL)]
