"""The mails about a contribution made by other means than the site. `subject_key` is `pledge:<id>`."""

from typing import Any

from campaigns.queries import url_in
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import promises
from pledges.enums import PaymentMethod
from pledges.links import contribution_url
from pledges.models import Payment, Pledge


def _shared(mail: OutgoingMail) -> Context:
    """Amounts in minor units of `currency`."""
    pledges = Pledge.objects.select_related("campaign__cooperative__site", "cooperative__site", "backer")
    pledge = pledges.get(pk=int(mail.subject_key.rpartition(":")[2]))
    context: dict[str, Any] = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "items": list(
            promises.annotate_current_month(
                pledge.items.filter(quantity__gt=0).select_related("variant").order_by("id")
            )
        ),
        "amount": pledge.amount,
        "currency": pledge.currency,
        "zone": pledge.cooperative.time_zone,
        "button_url": contribution_url(pledge, mail.language) if mail.pk else url_in(pledge.campaign, mail.language),
    }
    return context


def fill_recorded(mail: OutgoingMail) -> Context:
    context = _shared(mail)
    return context | {"payment": context["pledge"].payment}


def fill_bounced(mail: OutgoingMail) -> Context:
    """`occasion` names the payment that was not honoured (`payment:<id>`)."""
    context = _shared(mail)
    payment = Payment.objects.get(pk=int(mail.occasion.rpartition(":")[2]), pledge=context["pledge"])
    is_cheque = payment.method == PaymentMethod.CHEQUE
    return context | {"payment": payment, "amount": payment.amount, "is_cheque": is_cheque}


register(
    MailKind(
        "offline_recorded",
        "pledges",
        Category.SERVICE,
        "A contribution entered by the team, whose payment is expected.",
        fill_recorded,
    )
)
register(
    MailKind(
        "cheque_bounced",
        "pledges",
        Category.SERVICE,
        "A payment received by the team was not honoured.",
        fill_bounced,
    )
)
