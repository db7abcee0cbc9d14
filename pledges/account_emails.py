"""Mails to the team about its money: payments that stopped, and transfers to the bank.

`subject_key` is `cooperative:<id>` or `payout:<id>`.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.emails import members
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import outbox
from home.mail.registry import Category, Context, MailKind, register
from home.models import Cooperative, OutgoingMail, Role
from pledges import payout_summary
from pledges.models import Payout, StripeAccount

#: How a loss came about.
PAUSED, DISCONNECTED, DUE = "paused", "disconnected", "due"


def tell_lost(cooperative: Cooperative, state: StripeAccount, *, is_reachable: bool) -> None:
    """No payments are taken any more: to treasurers and direction, once for each time."""
    lost_at = state.charges_lost_at.isoformat() if state.charges_lost_at else ""
    what = PAUSED if is_reachable else DISCONNECTED
    facts = {"what": what, "lost_at": lost_at, "reason": state.disabled_reason, "asked": len(state.requirements)}
    _to_all(cooperative, lost_at, facts)


def tell_due(cooperative: Cooperative, state: StripeAccount) -> None:
    """Stripe asks for something, or payments will stop: once for each of its dates."""
    due_by = state.due_by.isoformat() if state.due_by else ""
    _to_all(cooperative, due_by, {"what": DUE, "due_by": due_by, "asked": len(state.requirements)})


def _to_all(cooperative: Cooperative, occasion: str, facts: dict[str, Any]) -> None:
    outbox.queue_all(
        outbox.mail_for(
            TROUBLE,
            cooperative=cooperative,
            subject_key=f"cooperative:{cooperative.pk}",
            occasion=occasion,
            to=reader,
            facts=facts,
        )
        for reader in members(cooperative, Role.TREASURER, Role.OWNER)
    )


def tell_arrived(payout: Payout) -> None:
    """To treasurers, once a transfer; where there is none, to the direction."""
    cooperative = payout.cooperative
    readers = list(members(cooperative, Role.TREASURER)) or list(members(cooperative, Role.OWNER))
    outbox.queue_all(
        outbox.mail_for(ARRIVED, cooperative=cooperative, subject_key=f"payout:{payout.pk}", to=reader)
        for reader in readers
    )


def reason_words(reason: str) -> str:
    """Stripe's code for why an account is paused, as a sentence's end; others are left out."""
    known = {
        "requirements.past_due": gettext("information asked for was not given in time"),
        "requirements.pending_verification": gettext("information given is being verified"),
        "under_review": gettext("the account is under review"),
        "listed": gettext("the account is under review"),
        "platform_paused": gettext("the platform paused the account"),
        "action_required.requested_capabilities": gettext("information is still needed"),
    }
    if reason.startswith("rejected."):
        return gettext("the account was closed by the provider")
    return known.get(reason, "")


def fill_trouble(mail: OutgoingMail) -> Context:
    """`what` is paused, disconnected or due; the campaigns are those that are live when it leaves."""
    facts = mail.facts
    live = Campaign.objects.filter(cooperative_id=mail.cooperative_id, state=CampaignState.LIVE).order_by("deadline")
    return {
        "what": facts["what"],
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "lost_at": datetime.fromisoformat(facts["lost_at"]) if facts.get("lost_at") else None,
        "due_by": datetime.fromisoformat(facts["due_by"]) if facts.get("due_by") else None,
        "reason": reason_words(facts.get("reason", "")),
        "asked": facts.get("asked", 0),
        "campaigns": list(live),
        "zone": mail.cooperative.time_zone,
        "button_url": mail.cooperative.root_url + reverse("pledges_account"),
        "button_label": _button(facts),
    }


def _button(facts: dict[str, Any]) -> str:
    return gettext("Provide the information") if facts.get("asked") else gettext("Open the payment account")


def fill_arrived(mail: OutgoingMail) -> Context:
    payout = Payout.objects.get(pk=int(mail.subject_key.rpartition(":")[2]), cooperative_id=mail.cooperative_id)
    return {
        "payout": payout,
        "rows": list(payout_summary.rows_of(payout_summary.sums_of(payout))) if payout.read_at else [],
        "button_url": mail.cooperative.root_url + reverse("pledges_payout", args=[payout.pk]),
        "button_label": gettext("See the details"),
        "journal_url": mail.cooperative.root_url + _journal_of(payout),
    }


def _journal_of(payout: Payout) -> str:
    """The journal, as a file, from the first movement of a transfer to the day it arrived."""
    zone = ZoneInfo(payout.cooperative.time_zone)
    begun = payout.lines.aggregate(at=Min("happened_at"))["at"]
    first = begun.astimezone(zone).date() if begun else payout.arrives_on
    days = {"first": min(first, payout.arrives_on), "last": payout.arrives_on}
    asked = {name: day.isoformat() for name, day in days.items()} | {"as": "csv"}
    return f"{reverse('pledges_journal')}?{urlencode(asked)}"


TROUBLE = register(
    MailKind(
        "payments_trouble",
        "pledges",
        Category.TEAM,
        "Payments stopped, or will unless Stripe is answered.",
        fill_trouble,
    )
)
ARRIVED = register(
    MailKind(
        "payout_arrived",
        "pledges",
        Category.TEAM,
        "A transfer to the bank, explained.",
        fill_arrived,
        _("A transfer to the bank"),
    )
)
