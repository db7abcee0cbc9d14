"""Tasks and periodic work of this room: ids in, fetch, delegate."""

from datetime import timedelta

from django_tasks import task

from campaigns import launching
from home.tenancy import across_cooperatives
from home.ticking import periodic


@task()
def launch_campaign(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = launching.due().filter(pk=campaign_id).first()
    if campaign is not None:
        launching.launch_scheduled(campaign)


@periodic("launches", every=timedelta(seconds=30))
def nudge_launches() -> None:
    with across_cooperatives():
        ids = list(launching.due().values_list("pk", flat=True))
    for campaign_id in ids:
        launch_campaign.enqueue(campaign_id)
