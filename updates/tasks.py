"""Tasks and periodic work of this room: ids in, fetch, delegate."""

from datetime import timedelta

from django_tasks import task

from campaigns.models import Campaign
from home.mail import holding
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from home.ticking import periodic
from pledges import counted_apart
from pledges.fulfilment import today_in
from updates import coaching, coaching_due, digests, minding, portfolios, promise_watch, sending, team, waiting


@task()
def prepare_drafts(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
    coaching.prepare(campaign)


@task()
def write_to_team(cooperative_id: int) -> None:
    """What a day or a week brings: asked often, told once."""
    cooperative = Cooperative.objects.select_related("site").get(pk=cooperative_id)
    with within(cooperative):
        if team.has_begun(cooperative):
            promise_watch.tell_all(cooperative)
            digests.tell(cooperative)
            portfolios.tell(cooperative)


@task()
def count_apart(cooperative_id: int) -> None:
    """Asked for again while it runs, it is counted twice, to the same end."""
    cooperative = Cooperative.objects.select_related("site").get(pk=cooperative_id)
    with within(cooperative):
        counted_apart.count(cooperative, *portfolios.waiting_for(cooperative, today_in(cooperative)))


@periodic("figures of many contributions", every=timedelta(minutes=1))
def nudge_counting() -> None:
    for cooperative in counted_apart.due():
        count_apart.enqueue(cooperative.pk)


@periodic("mailings", every=timedelta(seconds=20))
def finish_mailings() -> None:
    """Each looks at rows alone, so that what one tick missed the next one finds."""
    holding.sweep()
    minding.pause_all()
    waiting.release_all()
    sending.finish_all()


@periodic("coaching", every=timedelta(minutes=1))
def nudge_coaching() -> None:
    with across_cooperatives():
        due = coaching_due.due(coaching_due.followed())
    for campaign_id, occasions in due.items():
        if occasions:
            prepare_drafts.enqueue(campaign_id)


@periodic("team mails", every=timedelta(minutes=15))
def nudge_team_mails() -> None:
    """Where the day has begun, but for rehearsals that nobody is in."""
    for cooperative in Cooperative.objects.filter(archived_at=None).exclude(rehearses__isnull=False, rehearsed_by=None):
        if team.has_begun(cooperative):
            write_to_team.enqueue(cooperative.pk)
