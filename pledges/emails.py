"""The mails of this room: what became of a contribution, its payment and its rewards.

`subject_key` is `pledge:<id>` (backers), `item:<id>` (rewards, whose facts are carrier, tracking_url and note) or
`campaign:<id>` (the team). A mail of a row never saved is a rehearsal: its links lead to public pages.
"""

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import lifecycle, measures, queries
from campaigns.emails import fill_opening
from campaigns.models import Campaign
from home import clock, formats
from home.languages import TAGS
from home.mail.registry import Category, Context, MailKind, register
from home.models import Cooperative, OutgoingMail
from pledges import pledging, promises, totals
from pledges.consent_texts import charge_date
from pledges.enums import FulfilmentState, Origin, PaymentMethod, PaymentState, RefundState
from pledges.fulfilment import WAITING
from pledges.gone_back import given_up
from pledges.links import LASTS, contribution_token, contribution_url
from pledges.models import Payment, Pledge, PledgeItem, Refund, TaxRate
from pledges.models.payments import GIVEN_BACK
from pledges.receipts import taxes_in

#: The occasion of the last reminder: the day of grace.
LAST_REMINDER = "6"


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def _pledge_of(mail: OutgoingMail) -> Pledge:
    pledges = Pledge.objects.select_related("campaign__cooperative__site", "cooperative__site", "backer")
    return pledges.get(pk=_id_in(mail.subject_key))


def _payment_of(pledge: Pledge) -> Payment:
    """The first one; later ones pay the difference of a change."""
    return pledge.payments.get(part=0)


def _receipt(pledge: Pledge) -> Context:
    payment = _payment_of(pledge)
    return {"payment": payment, "taxes": taxes_in(payment)}


def own_url(mail: OutgoingMail, pledge: Pledge) -> str:
    """The reader's own page; of a rehearsal, the public one."""
    return contribution_url(pledge, mail.language) if mail.pk else pledge.cooperative.root_url + "/"


def _shared(mail: OutgoingMail, pledge: Pledge) -> Context:
    """What most mails about a contribution read. Amounts in minor units of `currency`."""
    items = list(promises.annotate_current_month(_items_of(pledge)))
    return {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "items": items,
        "postage": sum(item.postage for item in items),
        "amount": pledge.amount,
        "currency": pledge.currency,
        "zone": pledge.cooperative.time_zone,
        "last4": pledge.card_last4,
        "button_url": own_url(mail, pledge),
    }


def _items_of(pledge: Pledge) -> QuerySet[PledgeItem]:
    return pledge.items.filter(quantity__gt=0).select_related("variant").order_by("id")


def _consent(pledge: Pledge) -> Context:
    """The agreement word for word, in the language it was given in."""
    consent = pledge.consents.order_by("-id").first()
    return {"consent": consent, "consent_tag": TAGS[consent.language] if consent else ""}


def _campaign_button(mail: OutgoingMail, campaign: Campaign, label: str) -> Context:
    return {"button_url": queries.url_in(campaign, mail.language), "button_label": label}


def fill_promise(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    return _shared(mail, pledge) | _consent(pledge) | {"charge_date": charge_date(pledge.campaign)}


def fill_receipt(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    own = _receipt(pledge) | {"may_cancel": pledging.may_cancel(pledge, clock.now())}
    return _shared(mail, pledge) | _consent(pledge) | own


def fill_cancelled(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    is_open = lifecycle.takes_pledges(pledge.campaign, clock.now())
    button = _campaign_button(mail, pledge.campaign, gettext("View the campaign"))
    return _shared(mail, pledge) | button | {"is_open": is_open, "by_hand": is_by_hand(pledge)}


def fill_link(mail: OutgoingMail) -> Context:
    return _shared(mail, _pledge_of(mail)) | {"expires_at": clock.now() + LASTS}


def fill_charged(mail: OutgoingMail) -> Context:
    """The receipt is in it; what is owed follows, with its months as they stand."""
    pledge = _pledge_of(mail)
    shared = _shared(mail, pledge)
    owed = [item for item in shared["items"] if item.state != FulfilmentState.NOT_APPLICABLE]
    return shared | _outcome(pledge.campaign) | _receipt(pledge) | {"owed": owed}


def _outcome(campaign: Campaign) -> Context:
    """`reached` stands beside the goal, which says what it counts."""
    pledged, units = campaign.pledged_at_deadline or 0, campaign.units_at_deadline or 0
    money = formats.money(pledged, campaign.currency)
    return {
        "pledged": pledged,
        "backers": campaign.backers_at_deadline or 0,
        "reached": formats.number(units) if campaign.counts_units else money,
        "reserved": measures.reserved_of(units, campaign.goal),
    }


def fill_to_mend(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    url = pledge.cooperative.root_url + (
        reverse("contribution_mend", args=[contribution_token(pledge)]) if mail.pk else "/"
    )
    return _shared(mail, pledge) | {
        "asks_bank": _payment_of(pledge).state == PaymentState.ACTION,
        "grace_ends_at": pledge.campaign.settlement.grace_ends_at,
        "is_last": mail.occasion == LAST_REMINDER,
        "button_url": url,
        "button_label": gettext("Complete the payment"),
    }


def fill_dropped(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    button = _campaign_button(mail, pledge.campaign, gettext("See what is offered"))
    return _shared(mail, pledge) | button | {"grace_ends_at": pledge.campaign.settlement.grace_ends_at}


def fill_missed(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    button = _campaign_button(mail, pledge.campaign, gettext("View the campaign"))
    owed = Refund.objects.filter(payment__pledge=pledge, state=RefundState.DUE)
    back = {"by_hand": is_by_hand(pledge), "owed": sum(owed.values_list("amount", flat=True))}
    return _shared(mail, pledge) | button | _outcome(pledge.campaign) | back


def is_by_hand(pledge: Pledge) -> bool:
    """Paid, or to be paid, by other means than the site: the cooperative gives money back itself."""
    return pledge.origin == Origin.OFFLINE


def fill_refund(mail: OutgoingMail) -> Context:
    """`occasion` names the refund (`refund:<id>`)."""
    pledge = _pledge_of(mail)
    refund = Refund.objects.get(pk=_id_in(mail.occasion), payment__pledge=pledge)
    return _shared(mail, pledge) | {
        "refund": refund,
        "amount": refund.amount,
        "remaining": _remaining(refund.payment),
        "taxes": _taxes_of(refund),
        "by_hand": refund.payment.method != PaymentMethod.CARD,
    }


def _remaining(payment: Payment) -> int:
    return payment.amount - sum(payment.refunds.filter(GIVEN_BACK).values_list("amount", flat=True))


def _taxes_of(refund: Refund) -> list[tuple[str, int]]:
    """What of it is each tax: its name, and minor units."""
    names = {rate.code: rate.name for rate in TaxRate.objects.all()}
    return [(names.get(tax.code, tax.code), tax.amount) for tax in refund.taxes.all() if tax.amount]


def fill_reward(mail: OutgoingMail) -> Context:
    items = PledgeItem.objects.select_related("variant", "pledge__campaign__cooperative", "pledge__cooperative__site")
    item = items.get(pk=_id_in(mail.subject_key))
    tracking_url: str = mail.facts.get("tracking_url", "")
    context: dict[str, Any] = {
        "item": item,
        "campaign": item.pledge.campaign,
        "zone": item.pledge.cooperative.time_zone,
        "sent_on": _day_in(mail, item.pledge.cooperative),
        "rest_month": _rest_month(item),
        "carrier": mail.facts.get("carrier", ""),
        "note": mail.facts.get("note", ""),
        "button_url": tracking_url or own_url(mail, item.pledge),
    }
    return context | ({"button_label": gettext("Track the parcel")} if tracking_url else {})


def _day_in(mail: OutgoingMail, cooperative: Cooperative) -> date:
    """The day that the team gave, which may be earlier than that of the mail."""
    given = mail.facts.get("date")
    return date.fromisoformat(given) if given else mail.created_at.astimezone(ZoneInfo(cooperative.time_zone)).date()


def _rest_month(item: PledgeItem) -> date | None:
    """For when the latest of what else this contribution waits for is promised; None where it is all."""
    rest = item.pledge.items.filter(~given_up(), state__in=WAITING, quantity__gt=0).exclude(pk=item.pk)
    months = promises.annotate_current_month(rest).values_list("month_now", flat=True)
    return max(months, default=None)


def fill_outcome(mail: OutgoingMail) -> Context:
    campaign = Campaign.objects.select_related("cooperative__site").get(pk=_id_in(mail.subject_key))
    draft = reverse("updates_draft", args=[campaign.pk, "thanks"])
    return {
        "campaign": campaign,
        "button_url": campaign.cooperative.root_url + draft,
        "button_label": gettext("Open the draft"),
        "currency": campaign.currency,
        "zone": campaign.cooperative.time_zone,
        "collected": totals.progress_of(campaign).collected,
        "is_met": campaign.is_funded,
        "is_missed": campaign.is_missed,
        **_outcome(campaign),
    }


def fill_last_hours(mail: OutgoingMail) -> Context:
    """The same facts as at the opening, and how far the campaign is."""
    context = fill_opening(mail)
    return context | {"progress": totals.progress_of(context["campaign"])}


def _service(key: str, purpose: str, fill: Callable[[OutgoingMail], Context]) -> None:
    register(MailKind(key, "pledges", Category.SERVICE, purpose, fill))


_service("pledge_confirmed", "A promise is recorded and its card saved.", fill_promise)
_service("contribution_receipt", "A contribution is paid; its receipt.", fill_receipt)
_service("pledge_cancelled", "A contribution was cancelled at the backer's wish.", fill_cancelled)
_service("link_renewed", "A new link to one's own page, asked for.", fill_link)
_service("goal_met_charged", "The goal is reached and the card charged; its receipt.", fill_charged)
_service("payment_to_mend", "A payment could not be made, and may be until the grace ends.", fill_to_mend)
_service("pledge_dropped", "A payment could not be made within the grace.", fill_dropped)
_service("goal_missed", "The goal is not reached and nothing was charged.", fill_missed)
_service("refund_made", "Money was given back.", fill_refund)
_service("reward_sent", "A reward is on its way.", fill_reward)
_service("reward_ready", "A reward is ready to be picked up.", fill_reward)
LAST_HOURS = register(
    MailKind("campaign_last_hours", "pledges", Category.NEWS, "48 hours are left, to who asked.", fill_last_hours)
)
register(
    MailKind(
        "campaign_outcome", "pledges", Category.TEAM, "How a campaign ended.", fill_outcome, _("The end of a campaign")
    )
)
