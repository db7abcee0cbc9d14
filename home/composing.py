"""One branded, accessible mail: HTML with its styles inlined, a text part of equal content, the right headers."""

import re
from email.utils import formataddr
from typing import Any

import css_inline
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from home import branding, unsubscribing
from home.languages import TAGS
from home.models import Cooperative, OutgoingMail
from home.registry import Category, kind_of

BLANK_LINES = re.compile(r"\n{3,}")


def compose(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The message of a row, in its reader's language, ready to be handed to a provider."""
    kind = kind_of(mail.kind)
    with translation.override(mail.language):
        context = _shared(mail) | kind.fill(mail)
        subject = " ".join(render_to_string(f"{kind.template}.subject.txt", context).split())
        text = BLANK_LINES.sub("\n\n", render_to_string(f"{kind.template}.txt", context)).strip() + "\n"
        html = css_inline.inline(
            render_to_string(f"{kind.template}.html", context | {"subject": subject}), keep_at_rules=True
        )
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=formataddr((mail.cooperative.name, mail.cooperative.sender_email)),
        to=[mail.address],
        reply_to=[mail.cooperative.contact_email],
        headers=_headers(mail),
    )
    message.attach_alternative(html, "text/html")
    return message


def _shared(mail: OutgoingMail) -> dict[str, Any]:
    cooperative: Cooperative = mail.cooperative
    kind = kind_of(mail.kind)
    return {
        "mail": mail,
        "cooperative": cooperative,
        "palette": branding.palette_of(cooperative.site),
        "language_tag": TAGS[mail.language],
        "category": kind.category,
        "reader_name": mail.backer.name if mail.backer else (mail.user.get_short_name() if mail.user else ""),
        "unsubscribe_url": unsubscribing.url_for(mail) if kind.category == Category.NEWS else "",
    }


def _headers(mail: OutgoingMail) -> dict[str, str]:
    headers = {"Message-ID": mail.message_id, "Content-Language": TAGS[mail.language], "Auto-Submitted": "auto-generated"}
    if kind_of(mail.kind).category == Category.NEWS:
        headers["List-Unsubscribe"] = f"<{unsubscribing.url_for(mail)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
