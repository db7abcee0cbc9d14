"""A cooperative leaves: everything of it is exported and proved complete, then it is closed. Nothing is deleted.

Its pages stay readable and say that it left; what a backer is owed outlives it, so « Ma contribution » opens as before.
Nothing can be pledged or launched any more (`Cooperative.takes_payments`). When the process dies on any line, running
it again finishes: the export is written anew, and closing is one UPDATE.
"""

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import audit, clock
from home.models import Cooperative
from home.tenancy import within
from pledges import cooperative_export
from pledges.enums import PaymentState, RefundState
from pledges.models import Payment, Refund, RefundRequest

ARCHIVED = audit.act("cooperative_archived", gettext_lazy("Cooperative archived"))

RUNNING = (CampaignState.LIVE, CampaignState.CLOSING)
MONEY_MOVES = (PaymentState.DUE, PaymentState.ACTION, PaymentState.MEND)
OWED = (RefundState.TO_APPROVE, RefundState.DUE, RefundState.FAILED)


class NotYet(Exception):
    """It cannot leave; `reasons` say what stands in the way, a sentence each."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


def standing_in_the_way(cooperative: Cooperative) -> list[str]:
    """In its scope: campaigns that run, payments and refunds that are not settled."""
    running = Campaign.objects.filter(cooperative=cooperative, state__in=RUNNING).order_by("pk")
    reasons = [
        _("The campaign “%(campaign)s” is not over: %(state)s.")
        % {"campaign": campaign, "state": campaign.get_state_display()}
        for campaign in running
    ]
    payments = Payment.objects.filter(cooperative=cooperative, state__in=MONEY_MOVES).count()
    if payments:
        words = ngettext("%(n)s payment is not settled.", "%(n)s payments are not settled.", payments)
        reasons.append(words % {"n": payments})
    refunds = Refund.objects.filter(cooperative=cooperative, state__in=OWED).order_by("pk")
    asked = RefundRequest.objects.filter(cooperative=cooperative, answered_at=None).order_by("pk")
    if refunds:
        names = ", ".join(f"#{refund.pk}" for refund in refunds)
        reasons.append(_("Refunds that are not made: %(refunds)s.") % {"refunds": names})
    if asked:
        names = ", ".join(f"#{request.pk}" for request in asked)
        reasons.append(_("Refunds asked for and not answered: %(requests)s.") % {"requests": names})
    return reasons


def archive(cooperative: Cooperative, folder: Path) -> cooperative_export.Manifest:
    """Export to `folder`, prove it, close. Raises NotYet, and cooperative_export.Incomplete: nothing is closed then."""
    with within(cooperative):
        _refuse(cooperative)
        cooperative_export.write(cooperative, folder)
        with transaction.atomic():
            locked = Cooperative.objects.select_for_update().get(pk=cooperative.pk)
            _refuse(locked)
            manifest = cooperative_export.check(locked, folder)
            if Cooperative.objects.filter(pk=locked.pk, archived_at=None).update(archived_at=clock.now()):
                audit.record(ARCHIVED, cooperative=locked, by=None)
    return manifest


def _refuse(cooperative: Cooperative) -> None:
    if reasons := standing_in_the_way(cooperative):
        raise NotYet(reasons)
