"""What happened yesterday, for editors, in the morning and only if something did; once a day and reader."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from campaigns.models import ReviewQuestion
from home import outbox
from home.mail.registry import kind_of
from home.models import Cooperative, Role
from pledges.enums import PledgeState
from pledges.fulfilment import late_count
from pledges.models import Pledge, Problem
from pledges.nearly_gone import nearly_gone
from updates import coaching, next_news, team
from updates.coaching_words import PLAN
from updates.enums import QuestionState
from updates.models import CoachingDraft, ReaderQuestion

Span = tuple[datetime, datetime]


def tell(cooperative: Cooperative) -> None:
    """The digest of yesterday, if the day has begun there. In the cooperative's scope."""
    if not team.has_begun(cooperative):
        return
    today = team.local_now(cooperative).date()
    kind = kind_of("editor_digest")
    people = team.readers(cooperative, kind, Role.EDITOR)
    happened = happened_on(cooperative, today - timedelta(days=1))
    if happened:
        outbox.queue_all(
            team.mails(
                kind,
                people,
                cooperative=cooperative,
                subject_key=f"cooperative:{cooperative.pk}",
                occasion=today.isoformat(),
                facts=happened | still_open(cooperative),
            )
        )


def span_of(day: date, cooperative: Cooperative) -> Span:
    """The instants between which it is that day there, the last one left out."""
    zone = ZoneInfo(cooperative.time_zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def happened_on(cooperative: Cooperative, day: date) -> dict[str, Any]:
    """Counts of one day, `amounts` in minor units by currency; empty if nothing happened."""
    start, end = span_of(day, cooperative)
    pledges = Pledge.objects.filter(cooperative=cooperative)
    new = pledges.filter(confirmed_at__gte=start, confirmed_at__lt=end).exclude(state=PledgeState.PENDING)
    gone = pledges.filter(state=PledgeState.CANCELLED, ended_at__gte=start, ended_at__lt=end)
    sums = new.order_by().values("currency").annotate(n=Count("pk"), total=Sum("amount"))
    amounts = {row["currency"]: row["total"] for row in sums}
    found = {
        "new": sum(row["n"] for row in sums),
        "amounts": amounts,
        "cancelled": gone.count(),
        "asked": _within(ReaderQuestion.objects.filter(cooperative=cooperative), "asked_at", (start, end)),
        "reported": _within(Problem.objects.filter(cooperative=cooperative), "reported_at", (start, end)),
        "prepared": _within(_prepared(cooperative), "made_at", (start, end)),
        "reviewed": _within(ReviewQuestion.objects.filter(cooperative=cooperative), "asked_at", (start, end)),
    }
    return found | {"day": day.isoformat()} if any(found.values()) else {}


def _prepared(cooperative: Cooperative) -> Any:
    """Drafts that came by themselves: who starts a plan knows of it."""
    return CoachingDraft.objects.filter(cooperative=cooperative).exclude(occasion__in=PLAN)


def _within(rows: Any, field: str, span: Span) -> int:
    count: int = rows.filter(**{f"{field}__gte": span[0], f"{field}__lt": span[1]}).count()
    return count


def still_open(cooperative: Cooperative) -> dict[str, Any]:
    """What waits for the team now."""
    return {
        "questions": ReaderQuestion.objects.filter(cooperative=cooperative, state=QuestionState.WAITING).count(),
        "few": list(nearly_gone(cooperative).values_list("reward_id", flat=True)),
        "todo": {
            "drafts": len(coaching.waiting_for(cooperative)),
            "problems": Problem.objects.filter(cooperative=cooperative, answered_at=None).count(),
            "review": ReviewQuestion.objects.filter(cooperative=cooperative, answered_at=None, settled_at=None).count(),
            "news": len(next_news.missed_notices(cooperative)),
            "late": late_count(cooperative),
        },
    }
