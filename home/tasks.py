"""Tasks of this room: ids in, fetch, delegate."""

from datetime import timedelta

from django.core.management import call_command
from django_tasks import task
from wagtail.models import Page

from home import outbox, picture_drawing, ticking
from home.page_cache import front
from home.self_checks import running, telling
from home.ticking import periodic


@task()
def send_mails() -> None:
    outbox.send_due()


@task()
def draw_pictures(page_id: int) -> None:
    """So that every size of its pictures exists when the first visitor comes."""
    if page := Page.objects.live().filter(pk=page_id).first():
        picture_drawing.draw(page)


@task()
def tell_front(cooperative_id: int | None) -> None:
    front.tell(cooperative_id)


@task()
def check_all() -> None:
    running.run()


@task()
def tell_of_checks() -> None:
    if run := telling.to_tell():
        telling.tell(run)


@task()
def worker_heartbeat() -> None:
    ticking.beat("worker")


@periodic(ticking.HEARTBEAT, every=timedelta(seconds=20))
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


@periodic("self-checks", every=timedelta(minutes=10))
def nudge_self_checks() -> None:
    """Each night once (home.self_checks)."""
    if running.is_due():
        check_all.enqueue()
    elif telling.to_tell():
        tell_of_checks.enqueue()
