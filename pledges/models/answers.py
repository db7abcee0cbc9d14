"""What backers answer about what they are owed: a new date accepted, a refund asked for, a problem told."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import person
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import ProblemKind, RequestState
from pledges.models.payments import Refund
from pledges.models.pledges import DatePromise, PledgeItem


class PromiseAcceptance(models.Model):
    """A backer's yes to a new date. The next date is asked about again: silence accepts nothing."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    promise = models.OneToOneField(DatePromise, on_delete=models.PROTECT, related_name="acceptance")
    accepted_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("date accepted")

    def __str__(self) -> str:
        return str(self.promise_id)


class RefundRequest(models.Model):
    """A backer asks for one reward's money back; changed by pledges.refund_requests. Minor units.

    `amount` is what was paid for the item when it was asked. An answer is due at the end of `answer_by` (a day where
    the cooperative is). Granting it writes `refund` in the same transaction. `answer` is the treasurer's words.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(PledgeItem, on_delete=models.PROTECT, related_name="refund_requests")
    state = models.CharField(_("state"), max_length=10, choices=RequestState.choices, default=RequestState.ASKED)
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    message = models.TextField(_("note"), max_length=1000, blank=True)
    asked_at = models.DateTimeField()
    answer_by = models.DateField(_("answer by"))
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = person()
    refund = models.OneToOneField(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="request")

    objects = ScopedManager()

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item"], condition=models.Q(state=RequestState.ASKED), name="refund_request_open_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["cooperative", "answer_by", "id"],
                condition=models.Q(state=RequestState.ASKED),
                name="refund_request_open",
            ),
            models.Index(
                fields=["cooperative", "-answered_at", "-id"],
                condition=models.Q(answered_at__isnull=False),
                name="refund_request_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} · {self.state}"


class Problem(models.Model):
    """What went wrong with one reward, in its backer's words, and what the team answered."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(PledgeItem, on_delete=models.PROTECT, related_name="problems")
    kind = models.CharField(_("what happened"), max_length=12, choices=ProblemKind.choices)
    text = models.TextField(_("your message"), max_length=2000, blank=True)
    reported_at = models.DateTimeField()
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("problem reported")
        verbose_name_plural = _("problems reported")
        indexes: ClassVar = [
            models.Index(
                fields=["cooperative", "-id"], condition=models.Q(answered_at__isnull=True), name="problem_open"
            ),
            models.Index(
                fields=["cooperative", "-answered_at", "-id"],
                condition=models.Q(answered_at__isnull=False),
                name="problem_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} · {self.kind}"
