"""A pledge, its items, what was agreed to, and when each item is promised."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from campaigns.enums import DeliveryZone
from campaigns.models import Campaign, Handover, Reward, RewardVariant, person
from home.languages import CHOICES, text_of
from home.models import Backer, Cooperative
from home.tenancy import ScopedManager
from pledges.enums import CardState, FulfilmentState, Origin, Period, PledgeState, Wall

if TYPE_CHECKING:
    from pledges.models.payments import Payment


class Pledge(models.Model):
    """What one backer promised or paid to one campaign. Amounts in minor units of `currency`.

    `amount` is the items with their postage, plus `extra`. `attempt` is the form's own key: the same form posted twice
    is one pledge. `link_generation` rises to make earlier links worthless. `wall_name` is the name that was typed (or
    `gift_for`, the person it is a gift for), kept only where `wall` shows it. `is_late`: made after the end, it counts
    in no total of the campaign. `period` is empty for a contribution that comes once. `zone` is where it is mailed to,
    empty where nothing is. `company_name` makes its receipt an invoice. `entered_by` and `ended_by`: who of the
    team, for one that it entered (pledges.offline).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="pledges")
    backer = models.ForeignKey(Backer, on_delete=models.PROTECT, related_name="pledges")
    attempt = models.UUIDField(default=uuid.uuid4)
    state = models.CharField(_("state"), max_length=12, choices=PledgeState.choices, default=PledgeState.PENDING)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin.choices, default=Origin.ONLINE)
    period = models.CharField(max_length=8, choices=Period.choices, null=True, blank=True)  # noqa: DJ001 (none: once)
    is_late = models.BooleanField(_("made after the end"), default=False)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(_("amount"))
    extra = models.PositiveBigIntegerField(_("contribution without reward"), default=0)
    language = models.CharField(_("language"), max_length=2, choices=CHOICES)
    wall = models.CharField(_("wall of thanks"), max_length=10, choices=Wall.choices, default=Wall.NEITHER)
    wall_name = models.CharField(_("name on the wall"), max_length=120, blank=True)
    gift_for = models.CharField(_("gift for"), max_length=120, blank=True)
    message = models.TextField(_("note for the team"), max_length=1000, blank=True)
    company_name = models.CharField(_("business or organization"), max_length=200, blank=True)
    company_numbers = models.CharField(_("its tax numbers"), max_length=120, blank=True)
    zone = models.CharField(_("mailed to"), max_length=10, choices=DeliveryZone.choices, blank=True)
    via = models.CharField(_("came through"), max_length=60, blank=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    entered_by = person()
    ended_by = person()
    link_generation = models.PositiveIntegerField(default=0)
    card_state = models.CharField(max_length=10, choices=CardState.choices, default=CardState.NONE)
    payment_method = models.CharField(max_length=60, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_expires = models.DateField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "attempt"], name="pledge_once_per_form")
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "state"], include=["amount"], name="pledge_totals"),
            models.Index(fields=["cooperative", "-created_at", "-id"], name="pledge_latest"),
            models.Index(fields=["cooperative", "state", "-created_at", "-id"], name="pledge_latest_by_state"),
            models.Index(fields=["campaign", "-created_at", "-id"], name="pledge_latest_of_campaign"),
            models.Index(
                fields=["campaign", "id"],
                condition=models.Q(wall__in=[Wall.AMOUNT, Wall.NAME], state=PledgeState.CONFIRMED),
                name="pledge_wall",
            ),
            models.Index(
                fields=["id"], condition=models.Q(card_state=CardState.TO_DETACH), name="pledge_card_to_detach"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.backer_id} · {self.amount} {self.currency}"

    @property
    def key(self) -> str:
        """How mails and links name this pledge."""
        return f"pledge:{self.pk}"

    @property
    def is_paid_at_once(self) -> bool:
        """Paid on the hosted page; else promised, and charged once the goal is reached."""
        return self.is_late or not self.campaign.is_all_or_nothing

    @property
    def payment(self) -> "Payment | None":
        """The first payment; later ones pay the difference of a change. Reads `payments`, which may be prefetched."""
        return next((payment for payment in self.payments.all() if payment.part == 0), None)


class DeliveryAddress(models.Model):
    """Where the rewards of a pledge are mailed. `locked_at`: from then on only the team changes it.

    `lock_on`: the last day (where the cooperative is) on which its backer may still correct it.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.OneToOneField(Pledge, on_delete=models.PROTECT, related_name="address")
    recipient = models.CharField(_("name on the parcel"), max_length=120)
    line1 = models.CharField(_("address"), max_length=160)
    line2 = models.CharField(_("apartment, office"), max_length=160, blank=True)
    city = models.CharField(_("city"), max_length=120)
    region = models.CharField(_("province or state"), max_length=60, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2)
    changed_at = models.DateTimeField()
    lock_on = models.DateField(_("may be corrected until"), null=True, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("delivery address")

    def __str__(self) -> str:
        return f"{self.pledge_id} · {self.country}"


class PledgeConsent(models.Model):
    """The agreement given on the review page, word for word, with the most that may be charged (minor units)."""

    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="consents")
    text = models.TextField()
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=2, choices=CHOICES)
    max_amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pledge_id} · {self.text_version}"


#: States in which a backer still waits, and the others.
AWAITED = (
    FulfilmentState.NOT_STARTED,
    FulfilmentState.IN_PRODUCTION,
    FulfilmentState.READY,
    FulfilmentState.RETURNED,
)

HANDLED = (FulfilmentState.SENT, FulfilmentState.DELIVERED, FulfilmentState.NOT_APPLICABLE)

#: The month that an item is promised for now, from its own row.
MONTH = Coalesce("moved_to", "first_month")


class PledgeItem(models.Model):
    """A reward promised: quantity, price, postage, taxable part (each of one) and titles as they were.

    `first_month` never changes. The current month is that of the latest DatePromise, which stands in `moved_to` too, so
    that a long list can be read in its order; without any it is `first_month`. Fulfilment hangs here. `received_at`:
    its backer said that it arrived. `state_reason`: why there is nothing to deliver, for the team only.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="items")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="items")
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_amount = models.PositiveBigIntegerField(_("unit amount"))
    unit_postage = models.PositiveBigIntegerField(_("postage of one"), default=0)
    unit_taxable = models.PositiveBigIntegerField(_("taxable part of one"), default=0)
    variant = models.ForeignKey(RewardVariant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title_fr = models.CharField(max_length=160)
    title_en = models.CharField(max_length=160)
    first_month = models.DateField(_("first promised month"))
    moved_to = models.DateField(null=True, blank=True)
    handover = models.CharField(max_length=10, choices=Handover.choices)
    state = models.CharField(
        _("state"), max_length=16, choices=FulfilmentState.choices, default=FulfilmentState.NOT_STARTED
    )
    state_since = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(_("first handed over"), null=True, blank=True)
    received_at = models.DateTimeField(_("reception confirmed"), null=True, blank=True)
    state_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state_reason = models.CharField(_("reason"), max_length=200, blank=True)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_url = models.URLField(_("tracking link"), blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("promised reward")
        verbose_name_plural = _("promised rewards")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pledge", "reward"], condition=models.Q(variant=None), name="item_once_per_reward"
            ),
            models.UniqueConstraint(fields=["pledge", "reward", "variant"], name="item_once_per_variant"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["reward", "state"], name="item_by_reward"),
            models.Index("cooperative", MONTH, "id", condition=models.Q(state__in=AWAITED), name="item_waiting"),
            models.Index(
                "cooperative", "state", MONTH, "id", condition=models.Q(state__in=HANDLED), name="item_handled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def title(self) -> str:
        return text_of(self, "title")

    @property
    def named(self) -> str:
        """The reward as promised, and in which of its forms. Reads `variant`."""
        return f"{self.title} ({self.variant})" if self.variant else self.title

    @property
    def total(self) -> int:
        """Without postage."""
        return self.quantity * self.unit_amount

    @property
    def postage(self) -> int:
        return self.quantity * self.unit_postage

    @property
    def taxable(self) -> int:
        """Of price and postage together: what of them is taxable."""
        return self.quantity * self.unit_taxable


class DatePromise(models.Model):
    """A later promise for one item: append-only. The delay notice, one app up, points at the rows it wrote.

    `for_some`: it was made to some contributions of the tier only, so that a new one is not promised it.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(PledgeItem, on_delete=models.PROTECT, related_name="promises")
    month = models.DateField(_("month"))
    for_some = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.item_id} · {self.month:%Y-%m}"


def is_late(month: date, today: date) -> bool:
    """Late once the promised month is over."""
    return (today.year, today.month) > (month.year, month.month)
