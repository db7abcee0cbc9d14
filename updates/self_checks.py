"""What of this room is checked each night."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from home.self_checks.registry import self_check
from updates.models import DelayNotice, Mailing, NoticePromise

CHUNK = 500


@self_check(
    "promises",
    _("Promised months"),
    _("Run recount for the months; for a notice without mailing, ask its team what their backers know."),
)
def promises_and_notices() -> Iterator[str]:
    """What an announced delay wrote is what it says, and went to somebody. (The months of items: check_ledger.)"""
    otherwise = NoticePromise.objects.exclude(promise__month=F("notice__month"))
    for row in otherwise.select_related("notice", "promise").order_by("pk").iterator(CHUNK):
        said = f"promise of {row.promise.month:%Y-%m}, not {row.notice.month:%Y-%m}"
        yield f"notice:{row.notice_id} item:{row.promise.item_id}: {said}"
    told = Mailing.objects.filter(update=OuterRef("update"))
    for notice in DelayNotice.objects.exclude(Exists(told)).order_by("pk").iterator(CHUNK):
        yield f"notice:{notice.pk}: announced, and no mailing was written"
