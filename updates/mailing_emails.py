"""Mails to editors about their mailings: finished, or paused by itself. `subject_key` is the mailing's key."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.emails import members
from home import formats, outbox
from home.mail.registry import Category, Context, MailKind, kind_of, register
from home.models import OutgoingMail, Role
from updates import figures
from updates.enums import PauseReason
from updates.figures import Figures
from updates.models import Mailing

FINISHED, PAUSED = "mailing_finished", "mailing_paused"

#: A mailing pauses itself above these shares of what reached the provider, in ten-thousandths.
MOST_BOUNCES = 200
MOST_COMPLAINTS = 10


def tell_finished(mailing: Mailing) -> None:
    """Once a mailing, when nothing of it moves any more for the first time."""
    _tell(FINISHED, mailing, occasion="", facts={})


def tell_paused(mailing: Mailing, now: Figures) -> None:
    """Once for each time that the mailing paused itself."""
    occasion = mailing.paused_at.isoformat() if mailing.paused_at else ""
    facts = {"reason": mailing.pause_reason, "tried": now.tried, "bounced": now.bounced, "complained": now.complained}
    _tell(PAUSED, mailing, occasion=occasion, facts=facts | {"total": now.total})


def _tell(key: str, mailing: Mailing, *, occasion: str, facts: dict[str, Any]) -> None:
    """Editors; where there is none, the owners, who send too."""
    readers = list(members(mailing.cooperative, Role.EDITOR)) or list(members(mailing.cooperative, Role.OWNER))
    outbox.queue_all(
        outbox.mail_for(
            kind_of(key),
            cooperative=mailing.cooperative,
            subject_key=mailing.key,
            occasion=occasion,
            to=reader,
            facts=facts,
        )
        for reader in readers
    )


def pause_line(reason: str, tried: int, bounced: int, complained: int) -> str:
    """Why a mailing paused itself, with its share and the limit."""
    if reason == PauseReason.COMPLAINTS:
        said = gettext("%(percent)s of those written to complained, above the limit of %(limit)s")
        count, limit = complained, MOST_COMPLAINTS
    else:
        said = gettext("%(percent)s of addresses refused, above the limit of %(limit)s")
        count, limit = bounced, MOST_BOUNCES
    share = round(count * 10_000 / tried) if tried else 0
    return said % {"percent": formats.rate(share, decimals=1), "limit": formats.rate(limit, decimals=1)}


def fill_finished(mail: OutgoingMail) -> Context:
    mailing = _mailing_of(mail)
    return _shared(mailing) | {"figures": figures.figures_of(mailing), "button_label": gettext("See the report")}


def fill_paused(mail: OutgoingMail) -> Context:
    facts = mail.facts
    line = pause_line(facts["reason"], facts["tried"], facts["bounced"], facts["complained"])
    said = {"reason": line, "tried": facts["tried"], "total": facts["total"]}
    return _shared(_mailing_of(mail)) | said | {"button_label": gettext("See the addresses")}


def _shared(mailing: Mailing) -> Context:
    address = mailing.cooperative.root_url + reverse("updates_mailing", args=[mailing.pk])
    return {"mailing": mailing, "update": mailing.update, "button_url": address}


def _mailing_of(mail: OutgoingMail) -> Mailing:
    rows = Mailing.objects.select_related("update", "cooperative__site")
    return rows.get(pk=mail.subject_key.removeprefix("mailing:"))


register(
    MailKind(FINISHED, "updates", Category.TEAM, "A mailing has finished.", fill_finished, _("A finished mailing"))
)
register(MailKind(PAUSED, "updates", Category.TEAM, "A mailing paused itself.", fill_paused))
