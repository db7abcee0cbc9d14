"""What is kept about one backer: asked for on their page, mailed as a link that works once, downloaded as a ZIP."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from home import audit, csv_files
from home.languages import ENGLISH
from home.models import Backer, NewsConsent, OutgoingMail, Suppression
from pledges import data_links, kept_elsewhere, money_acts
from pledges.models import (
    CardToForget,
    Checkout,
    Continuation,
    DataRequest,
    DeliveryAddress,
    EmailChange,
    Pledge,
    PledgeConsent,
    PledgeItem,
    PromiseAcceptance,
    StrayPayment,
)

#: Ours alone: keys of calls, leases, addresses of pages that are over.
HIDDEN = frozenset({"lease_token", "lease_until", "stage", "key", "token", "url", "attempt"})


def use(request: DataRequest) -> bytes | None:
    """The ZIP, once; None if the link was used at this very moment by another."""
    with transaction.atomic():
        if not data_links.use(request):
            return None
        audit.record(money_acts.OWN_DATA_EXPORTED, cooperative=request.cooperative, by=None, subject=request)
    return as_zip(collected(request.backer))


def collected(backer: Backer) -> dict[str, Any]:
    """Every row about a backer in their cooperative, with what other rooms keep. Amounts are in cents."""
    pledges = Pledge.objects.filter(backer=backer).select_related("campaign").order_by("id")
    return {
        "backer": _row(backer),
        "contributions": [_contribution(pledge) for pledge in pledges],
        "news": _rows(NewsConsent.objects.filter(backer=backer)),
        "mails": [
            _row(mail) | {"events": [_row(one) for one in sorted(mail.events.all(), key=lambda event: event.pk)]}
            for mail in OutgoingMail.objects.filter(backer=backer).prefetch_related("events").order_by("id")
        ],
        "addresses_without_news": _rows(Suppression.objects.filter(email_key=backer.email_key)),
        "email_changes": _rows(EmailChange.objects.filter(backer=backer)),
        "contributions_to_continue": _rows(Continuation.objects.filter(backer=backer)),
        "data_requests": _rows(DataRequest.objects.filter(backer=backer)),
    } | {name: _rows(rows) for name, rows in kept_elsewhere.rows_of(backer).items()}


def _contribution(pledge: Pledge) -> dict[str, Any]:
    return _row(pledge) | {
        "campaign_title": pledge.campaign.title,
        "rewards": [_row(item) | _answers(item) for item in pledge.items.order_by("id")],
        "agreements": _rows(PledgeConsent.objects.filter(pledge=pledge)),
        "address": _rows(DeliveryAddress.objects.filter(pledge=pledge)),
        "payment_pages": _rows(Checkout.objects.filter(pledge=pledge)),
        "payments_found": _rows(StrayPayment.objects.filter(pledge=pledge)),
        "replaced_cards": _rows(CardToForget.objects.filter(pledge=pledge)),
        "changes": [_row(one) | {"rewards": _rows(one.items.all())} for one in pledge.changes.order_by("id")],
        "payments": [
            _row(payment)
            | {
                "attempts": _rows(payment.attempts.all()),
                "taxes": _rows(payment.taxes.all()),
                "refunds": [_row(one) | {"taxes": _rows(one.taxes.all())} for one in payment.refunds.order_by("id")],
                "disputes": _rows(payment.disputes.all()),
                "fraud_warnings": _rows(payment.fraud_warnings.all()),
            }
            for payment in pledge.payments.order_by("part")
        ],
    }


def _answers(item: PledgeItem) -> dict[str, Any]:
    """The months it was promised for, which of them were accepted, what was asked back, chosen and told."""
    return {
        "months": _rows(item.promises.all()),
        "months_accepted": _rows(PromiseAcceptance.objects.filter(promise__item=item)),
        "refund_requests": _rows(item.refund_requests.all()),
        "choices": [_row(one) | {"answers": _rows(one.answers.all())} for one in item.replies.order_by("id")],
        "problems": _rows(item.problems.all()),
    }


def _rows(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows.order_by("pk")]


def _row(row: Model) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name not in HIDDEN]
    return {field.attname: _plain(getattr(row, field.attname)) for field in fields}


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


def as_zip(data: dict[str, Any]) -> bytes:
    """The same twice: JSON for machines, and a CSV of names and values that a spreadsheet opens."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2))
        files.writestr("data.csv", "\ufeff" + _as_csv(data))
    return packed.getvalue()


def _as_csv(data: dict[str, Any]) -> str:
    rows = ([name, None if value is None else str(value)] for name, value in _leaves(data, ""))
    return csv_files.lines(rows, ENGLISH)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{name}.{number}")
    else:
        yield name, value
