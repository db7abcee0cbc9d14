"""Mails about what backers do on their own page, and what they are told before a debit.

`subject_key` is `pledge:<id>`; `occasion` names the change (`change:<id>`), the request (`data:<id>`) or the end.
"""

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from home import clock, formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import data_links, totals
from pledges.change_words import new_lines, old_lines
from pledges.consent_texts import charge_date
from pledges.data_links import Act
from pledges.links import contribution_token, contribution_url
from pledges.models import DataRequest, Pledge, PledgeChange


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def _pledge_of(mail: OutgoingMail) -> Pledge:
    pledges = Pledge.objects.select_related("campaign__cooperative__site", "cooperative__site", "backer")
    return pledges.get(pk=_id_in(mail.subject_key))


def _shared(mail: OutgoingMail, pledge: Pledge) -> Context:
    """Amounts in minor units of `currency`."""
    return {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "amount": pledge.amount,
        "currency": pledge.currency,
        "zone": pledge.cooperative.time_zone,
        "last4": pledge.card_last4,
        "button_url": contribution_url(pledge, mail.language) if mail.pk else pledge.cooperative.root_url + "/",
    }


def fill_changed(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    change = PledgeChange.objects.get(pk=_id_in(mail.occasion), pledge=pledge)
    paid = not pledge.campaign.is_all_or_nothing
    return _shared(mail, pledge) | {
        "change": change,
        "amount": change.amount,
        "old_items": " · ".join(old_lines(change)),
        "new_items": " · ".join(new_lines(change)),
        "paid": max(0, change.amount - change.old_amount) if paid else 0,
        "refunded": max(0, change.old_amount - change.amount) if paid else 0,
    }


def fill_expiring(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    with translation.override(mail.language):
        path = reverse("contribution_card", args=[contribution_token(pledge)]) if mail.pk else "/"
    return _shared(mail, pledge) | {
        "charge_date": charge_date(pledge.campaign),
        "button_url": pledge.cooperative.root_url + path,
        "button_label": gettext("Change card"),
    }


def fill_upcoming(mail: OutgoingMail) -> Context:
    pledge = _pledge_of(mail)
    progress = totals.progress_of(pledge.campaign)
    return _shared(mail, pledge) | {
        "charge_date": charge_date(pledge.campaign),
        "pledged": progress.pledged,
        "percent": formats.percent(progress.percent, 100),
    }


def fill_exported(mail: OutgoingMail) -> Context:
    """The page behind the button asks; pressing its own button downloads, once."""
    pledge = _pledge_of(mail)
    request = DataRequest.objects.get(pk=_id_in(mail.occasion), backer=pledge.backer)
    return _shared(mail, pledge) | {
        "expires_at": request.expires_at,
        "button_url": _own_url(Act.EXPORT, request, mail),
        "button_label": gettext("Open the download page"),
    }


def fill_to_erase(mail: OutgoingMail) -> Context:
    """The page behind the button says what goes and what stays; pressing its own button erases."""
    pledge = _pledge_of(mail)
    request = DataRequest.objects.get(pk=_id_in(mail.occasion), backer=pledge.backer)
    return _shared(mail, pledge) | {
        "expires_at": request.expires_at,
        "button_url": _own_url(Act.ERASE, request, mail),
        "button_label": gettext("Open the page"),
    }


def _own_url(act: Act, request: DataRequest, mail: OutgoingMail) -> str:
    return data_links.url_for(request, act, mail) if mail.pk else mail.cooperative.root_url + "/"


def fill_erased(mail: OutgoingMail) -> Context:
    """`facts`: `year`, until which accounting keeps something, and `company`: whether invoices name a business."""
    pledge = _pledge_of(mail)
    erased_at = pledge.backer.erased_at or clock.now()
    return _shared(mail, pledge) | {
        "erased_at": erased_at,
        "year": str(mail.facts.get("year", erased_at.year)),
        "company": bool(mail.facts.get("company")),
        "button_url": "",
    }


for _key, _purpose, _fill in (
    ("pledge_changed", "A contribution was changed at the backer's wish.", fill_changed),
    ("card_expiring", "The card of a promise expires before the debit.", fill_expiring),
    ("charge_upcoming", "Three days before the debit: its amount and date.", fill_upcoming),
    ("data_exported", "What is kept about a backer can be downloaded.", fill_exported),
    ("data_to_erase", "What is kept about a backer can be erased, by a link that works once.", fill_to_erase),
    ("data_erased", "What was kept about a backer is erased; the last mail.", fill_erased),
):
    register(MailKind(_key, "pledges", Category.SERVICE, _purpose, _fill))
