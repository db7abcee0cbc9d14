"""News promised by a delay notice and not given: nothing was published after the notice, and its day is over."""

from django.db.models import Exists, OuterRef

from home.models import Cooperative
from pledges.fulfilment import today_in
from updates.models import DelayNotice, Update


def missed(cooperative: Cooperative) -> list[DelayNotice]:
    """The latest notice of each campaign whose promised news did not come, with its campaign; earliest day first.

    Any update published after the announcement is news. One query.
    """
    later = DelayNotice.objects.filter(campaign=OuterRef("campaign"), announced_at__gt=OuterRef("announced_at"))
    given = Update.objects.filter(campaign=OuterRef("campaign"), published_at__gt=OuterRef("announced_at"))
    overdue = DelayNotice.objects.filter(cooperative=cooperative, next_news_on__lt=today_in(cooperative))
    found = (
        overdue.exclude(Exists(later)).exclude(Exists(given)).select_related("campaign__cooperative__site", "update")
    )
    first: dict[int, DelayNotice] = {}
    for notice in found.order_by("next_news_on", "pk"):
        first.setdefault(notice.campaign_id, notice)
    return list(first.values())
