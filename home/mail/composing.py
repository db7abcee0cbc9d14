"""One branded, accessible mail: HTML with its styles inlined, a text part of equal content, the right headers."""

import re
from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any

import css_inline
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from home import formats, links
from home.brand import branding
from home.languages import TAGS
from home.mail import unsubscribing
from home.mail.registry import CLOSE, OPEN, Apart, Category, kind_of, place
from home.models import Brand, OutgoingMail

#: Unlike `str.split`, this leaves no-break spaces alone.
BREAKS = re.compile(r"[ \t\r\n]+")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*\n")
#: How a mail names its row to its provider, which says it back with each event (home.mail.tracking).
ROW = "mail"

#: Providers that keep nothing of the kind: a mail is known by their own name of it.
WITHOUT_METADATA = {"anymail.backends.postal.EmailBackend", "anymail.backends.mailersend.EmailBackend"}

FIELD = re.compile(f"{OPEN}([a-z0-9_]+){CLOSE}")
INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True)
class Draft:
    """What the mails of a group share, with a place for each field that is a reader's own."""

    subject: str
    text: str
    html: str


class Composer:
    """Composes mails, and renders once what several of them share. One serves for a moment: pages change."""

    def __init__(self, brand: Brand | None = None) -> None:
        """In the cooperative's brand, unless another is tried."""
        self._brand = brand
        self._drafts: dict[Hashable, Draft] = {}

    def compose(self, mail: OutgoingMail) -> EmailMultiAlternatives:
        apart = apart_of(mail)
        return message_of(mail, apart, self.draft_of(mail, apart))

    def draft_of(self, mail: OutgoingMail, apart: Apart) -> Draft:
        key = group_of(mail, apart)
        if key not in self._drafts:
            self._drafts[key] = _draft(mail, self._brand)
        return self._drafts[key]


def compose(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The message of a row, in its reader's language, ready to be handed to a provider.

    A row that was never saved is a rehearsal (a preview, a test to oneself): its links lead to public pages only.
    """
    return Composer().compose(mail)


def subject_of(mail: OutgoingMail) -> str:
    """Empty where what the mail is about is gone."""
    try:
        return str(compose(mail).subject)
    except (LookupError, ObjectDoesNotExist):
        return ""


def is_shared(mail: OutgoingMail) -> bool:
    """Whether its kind is rendered once for many."""
    return kind_of(mail.kind).apart is not None


def group_of(mail: OutgoingMail, apart: Apart) -> Hashable:
    """Mails of the same group differ by their fields alone; a kind that is not shared has groups of one."""
    if kind_of(mail.kind).apart is None:
        return id(mail)
    return (mail.cooperative_id, mail.kind, mail.subject_key, mail.language, bool(_name_of(mail)), apart.key)


def apart_of(mail: OutgoingMail) -> Apart:
    """The fields that are this reader's own."""
    with translation.override(mail.language):
        return _apart_of(mail)


def aparts_of(mails: Sequence[OutgoingMail]) -> dict[int, Apart]:
    """By id, of mails of one cooperative. Where it fails there is none: it fails again when that mail is composed."""
    found: dict[int, Apart] = {}
    for language in {mail.language for mail in mails}:
        with translation.override(language):
            for mail in mails:
                if mail.language == language:
                    try:
                        found[mail.pk] = _apart_of(mail)
                    except DatabaseError:
                        raise
                    except Exception:  # noqa: BLE001, S112 (what a mail needs may be gone in any way)  # nosec B112
                        continue
    return found


def _apart_of(mail: OutgoingMail) -> Apart:
    """In the mail's language."""
    kind = kind_of(mail.kind)
    if kind.apart is None:
        return Apart()
    own = {"reader_name": _name_of(mail)}
    if kind.category == Category.NEWS:
        own["unsubscribe_url"] = _unsubscribe_url(mail)
    apart = kind.apart(mail)
    return Apart(apart.key, own | apart.fields)


def headers_of(mail: OutgoingMail, apart: Apart) -> dict[str, str]:
    """The headers that are this mail's own."""
    headers = {"Message-ID": mail.message_id}
    if mail.pk and kind_of(mail.kind).category == Category.NEWS:
        headers["List-Unsubscribe"] = f"<{apart.fields.get('unsubscribe_url') or _unsubscribe_url(mail)}>"
    return headers


def shared_headers_of(mail: OutgoingMail) -> dict[str, str]:
    """The headers of every mail of its group."""
    headers = {"Content-Language": TAGS[mail.language], "Auto-Submitted": "auto-generated"}
    if mail.pk and kind_of(mail.kind).category == Category.NEWS:
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _draft(mail: OutgoingMail, brand: Brand | None) -> Draft:
    kind = kind_of(mail.kind)
    with translation.override(mail.language), links.none_signed() if kind.apart else nullcontext():
        context = _shared(mail, brand) | kind.fill(mail)
        if "consent_date" in context:
            context["consent_day"] = formats.local_day(context["consent_date"], mail.cooperative.time_zone)
        context["subject"] = BREAKS.sub(" ", _plain(f"{kind.template}.subject.txt", context)).strip(" ")
        text = BLANK_LINES.sub("\n\n", _plain(f"{kind.template}.txt", context)).strip() + "\n"
        html = INLINER.inline(render_to_string(f"{kind.template}.html", context))
    return Draft(context["subject"], text, html)


def _filled(draft: Draft, fields: dict[str, str]) -> Draft:
    def plain(found: re.Match[str]) -> str:
        return fields[found[1]]

    def in_html(found: re.Match[str]) -> str:
        return escape(fields[found[1]])

    return Draft(FIELD.sub(plain, draft.subject), FIELD.sub(plain, draft.text), FIELD.sub(in_html, draft.html))


def message_of(mail: OutgoingMail, apart: Apart, draft: Draft) -> EmailMultiAlternatives:
    """A message of its own, its fields filled into what its group shares."""
    message = bare_message(mail, _filled(draft, apart.fields))
    message.to = [mail.address]
    message.extra_headers |= headers_of(mail, apart)
    if mail.pk and settings.EMAIL_BACKEND not in WITHOUT_METADATA:
        message.metadata = {ROW: str(mail.token)}  # type: ignore[attr-defined]
    return message


def bare_message(mail: OutgoingMail, draft: Draft) -> EmailMultiAlternatives:
    """To no one yet, with what its whole group shares."""
    message = EmailMultiAlternatives(
        subject=draft.subject,
        body=draft.text,
        from_email=formataddr((mail.cooperative.name, mail.cooperative.sender_email)),
        reply_to=[mail.cooperative.contact_email],
        headers=shared_headers_of(mail),
    )
    message.attach_alternative(draft.html, "text/html")
    return message


def _plain(template: str, context: dict[str, Any]) -> str:
    """Text, where an apostrophe is an apostrophe: nothing is escaped."""
    return get_template(template).template.render(Context(context, autoescape=False))  # type: ignore[attr-defined]


def _shared(mail: OutgoingMail, brand: Brand | None) -> dict[str, Any]:
    """What every template reads beside what its kind fills in."""
    kind, cooperative = kind_of(mail.kind), mail.cooperative
    name, unsubscribe_url = _name_of(mail), ""
    if kind.category == Category.NEWS:
        unsubscribe_url = place("unsubscribe_url") if kind.apart else _unsubscribe_url(mail)
    brand = brand or Brand.for_site(cooperative.site)
    return {
        "mail": mail,
        "cooperative": cooperative,
        "brand": brand,
        "palette": branding.palette(brand),
        "masthead": branding.masthead(brand, cooperative.root_url),
        "language_tag": TAGS[mail.language],
        "category": kind.category,
        "reader_name": place("reader_name") if name and kind.apart else name,
        "unsubscribe_url": unsubscribe_url,
        "account_url": cooperative.root_url + reverse("team_mails"),
    }


def _name_of(mail: OutgoingMail) -> str:
    return mail.backer.name if mail.backer else (mail.user.get_short_name() if mail.user else "")


def _unsubscribe_url(mail: OutgoingMail) -> str:
    return unsubscribing.url_for(mail) if mail.pk else mail.cooperative.root_url + "/"
