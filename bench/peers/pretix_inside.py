# ruff: noqa: E402  (Django is set up before what needs it is imported)
"""What is done inside pretix: run by the Python of its own environment, which has pretix and not ours.

python pretix_inside.py found            # an organiser with one event, one product and one key for its API
python pretix_inside.py buyers 1000      # that many orders of one ticket, each with an address of its own
python pretix_inside.py mail             # a mail to all of them, as its mail-out form asks for it
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from decimal import Decimal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")

import django

django.setup()

from django.db import transaction
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled
from pretix.base.models import Event, Order, OrderPosition, Organizer
from pretix.base.models.organizer import Team
from pretix.plugins.sendmail.tasks import send_mails_to_orders

NAME = "bench"
ROOM = 1_000_000
SUBJECT = "The stone has arrived"
#: As long as an update, and with what is filled in for each reader.
TEXT = "Hello {name},\n\n" + 6 * "The stone has arrived, and the mill turns again. " + "\n\nYour order: {url}\n"


def found() -> None:
    """Open to buyers, with more room than they take. Without a limit pretix would look at no stock at all."""
    with scopes_disabled():
        organizer = Organizer.objects.create(name=NAME, slug=NAME)
        event = Event.objects.create(
            organizer=organizer,
            name=NAME,
            slug=NAME,
            currency="CAD",
            date_from=now() + timedelta(days=90),
            plugins="pretix.plugins.sendmail,pretix.plugins.manualpayment,pretix.plugins.banktransfer",
            live=True,
        )
        item = event.items.create(name="Bag of flour", default_price=Decimal("30.00"))
        event.quotas.create(name="All", size=ROOM).items.add(item)
        team = Team.objects.create(
            organizer=organizer,
            name=NAME,
            all_events=True,
            all_event_permissions=True,
            all_organizer_permissions=True,
        )
        team.tokens.create(name=NAME)


def buyers(count: int) -> None:
    """Written at once: how they came about is not what is measured."""
    event = _event()
    with scope(organizer=event.organizer), transaction.atomic():
        item = event.items.get()
        channel = event.organizer.sales_channels.get(identifier="web")
        orders = Order.objects.bulk_create(_order(event, channel, number) for number in range(count))
        OrderPosition.objects.bulk_create(
            OrderPosition(
                order=order,
                organizer=event.organizer,
                item=item,
                price=item.default_price,
                tax_rate=Decimal(0),
                tax_value=Decimal(0),
                positionid=1,
                pseudonymization_id=f"P{order.code}",
                secret=f"S{order.code}",
            )
            for order in orders
        )


def _order(event: Event, channel: object, number: int) -> Order:
    return Order(
        event=event,
        organizer=event.organizer,
        code=f"B{number:06d}",
        email=f"buyer{number}@example.org",
        status=Order.STATUS_PAID,
        locale="en",
        sales_channel=channel,
        datetime=now(),
        expires=now() + timedelta(days=30),
        total=Decimal("30.00"),
    )


def mail() -> None:
    event = _event()
    with scope(organizer=event.organizer):
        send_mails_to_orders.apply_async(
            kwargs={
                "event": event.pk,
                "user": None,
                "subject": {"en": SUBJECT},
                "message": {"en": TEXT},
                "objects": list(event.orders.values_list("pk", flat=True)),
                "items": [event.items.get().pk],
                "subevent": None,
                "subevents_from": None,
                "subevents_to": None,
                "recipients": "orders",
                "filter_checkins": False,
                "not_checked_in": False,
                "checkin_lists": [],
            }
        )


def _event() -> Event:
    with scopes_disabled():
        return Event.objects.select_related("organizer").get(slug=NAME)


if __name__ == "__main__":
    {"found": found, "buyers": lambda: buyers(int(sys.argv[2])), "mail": mail}[sys.argv[1]]()
