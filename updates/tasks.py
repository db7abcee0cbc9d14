"""Tasks and periodic work of this room: ids in, fetch, delegate."""

from datetime import timedelta

from django_tasks import task

from campaigns.models import Campaign
from home.tenancy import across_cooperatives
from home.ticking import periodic
from updates import coaching, coaching_due, sending


@task()
def prepare_drafts(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
    coaching.prepare(campaign)


@periodic("mailings", every=timedelta(seconds=20))
def finish_mailings() -> None:
    sending.finish_all()


@periodic("coaching", every=timedelta(minutes=1))
def nudge_coaching() -> None:
    with across_cooperatives():
        due = coaching_due.due(coaching_due.followed())
    for campaign_id, occasions in due.items():
        if occasions:
            prepare_drafts.enqueue(campaign_id)
