"""One branded, accessible mail: HTML with its styles inlined, a text part of equal content, the right headers."""

import re
from email.utils import formataddr
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from django.utils import translation

from home import branding, unsubscribing
from home.languages import TAGS
from home.models import Brand, OutgoingMail
from home.registry import Category, kind_of

#: Unlike `str.split`, this leaves no-break spaces alone.
BREAKS = re.compile(r"[ \t\r\n]+")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*\n")

#: How a mail names its row to its provider, which says it back with each event (home.tracking).
ROW = "mail"

#: Providers that keep nothing of the kind: a mail is known by their own name of it.
WITHOUT_METADATA = {"anymail.backends.postal.EmailBackend", "anymail.backends.mailersend.EmailBackend"}

INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def compose(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The message of a row, in its reader's language, ready to be handed to a provider.

    A row that was never saved is a rehearsal (a preview, a test to oneself): its links lead to public pages only.
    """
    kind = kind_of(mail.kind)
    with translation.override(mail.language):
        context = _shared(mail) | kind.fill(mail)
        context["subject"] = BREAKS.sub(" ", _plain(f"{kind.template}.subject.txt", context)).strip(" ")
        text = BLANK_LINES.sub("\n\n", _plain(f"{kind.template}.txt", context)).strip() + "\n"
        html = INLINER.inline(render_to_string(f"{kind.template}.html", context))
    message = EmailMultiAlternatives(
        subject=context["subject"],
        body=text,
        from_email=formataddr((mail.cooperative.name, mail.cooperative.sender_email)),
        to=[mail.address],
        reply_to=[mail.cooperative.contact_email],
        headers=_headers(mail),
    )
    message.attach_alternative(html, "text/html")
    if mail.pk and settings.EMAIL_BACKEND not in WITHOUT_METADATA:
        message.metadata = {ROW: str(mail.token)}  # type: ignore[attr-defined]
    return message


def _plain(template: str, context: dict[str, Any]) -> str:
    """Text, where an apostrophe is an apostrophe: nothing is escaped."""
    return get_template(template).template.render(Context(context, autoescape=False))  # type: ignore[attr-defined]


def _shared(mail: OutgoingMail) -> dict[str, Any]:
    """What every template reads beside what its kind fills in."""
    cooperative, category = mail.cooperative, kind_of(mail.kind).category
    brand = Brand.for_site(cooperative.site)
    return {
        "mail": mail,
        "cooperative": cooperative,
        "brand": brand,
        "palette": branding.palette(brand),
        "language_tag": TAGS[mail.language],
        "category": category,
        "reader_name": mail.backer.name if mail.backer else (mail.user.get_short_name() if mail.user else ""),
        "unsubscribe_url": _unsubscribe_url(mail) if category == Category.NEWS else "",
        "account_url": cooperative.root_url + reverse("team_mails"),
    }


def _unsubscribe_url(mail: OutgoingMail) -> str:
    return unsubscribing.url_for(mail) if mail.pk else mail.cooperative.root_url + "/"


def _headers(mail: OutgoingMail) -> dict[str, str]:
    headers = {
        "Message-ID": mail.message_id,
        "Content-Language": TAGS[mail.language],
        "Auto-Submitted": "auto-generated",
    }
    if mail.pk and kind_of(mail.kind).category == Category.NEWS:
        headers["List-Unsubscribe"] = f"<{_unsubscribe_url(mail)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
