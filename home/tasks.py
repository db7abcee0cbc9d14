"""Tasks of this room: ids in, fetch, delegate."""

from datetime import timedelta

from django.core.management import call_command
from django_tasks import task
from wagtail.models import Page

from home import outbox, ticking
from home.ticking import periodic


@task()
def send_mails() -> None:
    outbox.send_due()


@task()
def draw_pictures(page_id: int) -> None:
    """Render a page once, so that every size of its pictures exists when the first visitor comes.

    Its templates alone know the sizes. What is drawn already is not drawn again.
    """
    if page := Page.objects.live().filter(pk=page_id).first():
        page.specific.make_preview_request()


@task()
def worker_heartbeat() -> None:
    ticking.beat("worker")


@periodic("heartbeat", every=timedelta(seconds=20))
def nudge_heartbeat() -> None:
    worker_heartbeat.enqueue()


@periodic("outbox", every=timedelta(seconds=30))
def nudge_outbox() -> None:
    if outbox.has_work():
        send_mails.enqueue()


@periodic("scheduled pages", every=timedelta(seconds=60))
def publish_scheduled_pages() -> None:
    call_command("publish_scheduled")


@periodic("old tasks", every=timedelta(hours=6))
def forget_old_tasks() -> None:
    call_command("prune_db_task_results", min_age_days=2)
