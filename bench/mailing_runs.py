"""What the contenders of bench.sending do, each in a process of its own, with Django: `python -m bench.mailing_runs`.

Prints what it measured as one line of JSON. What is not the contender's own work (imports, reading rows, rendering what
the bare ones are given ready) is done before the clock starts.
"""

from __future__ import annotations

import json
import resource
import smtplib
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.mail import get_connection  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import mailing_rows  # noqa: E402
from home import outbox  # noqa: E402
from home.languages import LANGUAGES  # noqa: E402
from home.mail import claims, composing, merging  # noqa: E402
from home.models import OutgoingMail  # noqa: E402
from home.tenancy import within  # noqa: E402
from updates import audience, sending  # noqa: E402
from updates.enums import MailingKind, MissingLanguage  # noqa: E402
from updates.models import Update  # noqa: E402

CALL = 1_000
Answer = dict[str, float]


def make(slug: str, readers: str) -> Answer:
    mailing_rows.make(slug, int(readers))
    return {}


def prepare(slug: str) -> Answer:
    mailing_rows.clear()
    mailing_rows.new_update(slug)
    return {}


def freeze(slug: str, gate: str) -> Answer:
    """A mailing is asked for; then this process works on it, and lets the others in."""
    update, readers = _update_of(slug), mailing_rows.count_of(slug)
    _warm(slug)
    began, cpu = time.time(), _cpu()
    with within(update.cooperative):
        sending.send_news(update, by=None, missing_language=MissingLanguage.NONE)
    Path(gate).touch()
    return _worked(cpu) | {"began": began, "readers": readers}


def join(slug: str, gate: str) -> Answer:
    """One more worker of the same mailing."""
    _warm(slug)
    while not Path(gate).exists():
        time.sleep(0.002)
    return _worked(_cpu())


def _worked(cpu: float) -> Answer:
    mails = outbox.send_due()
    return {"mails": mails, "ended": time.time(), "cpu_seconds": _cpu() - cpu, "peak_mb": _peak()}


def _warm(slug: str) -> None:
    """A worker that has run for a while has read its addresses, asked its database and sent news; and whoever sends
    some has seen how many will read it."""
    reverse("wagtailadmin_home")
    claims.has_work()
    update = _update_of(slug)
    with within(update.cooperative):
        audience.audience_of(update, MailingKind.NEWS, [])
        for language in LANGUAGES:
            trial = OutgoingMail(
                cooperative=update.cooperative,
                kind=audience.NEWS_MAIL,
                subject_key=update.key,
                language=language,
                facts={"consent_date": timezone.now().isoformat()},
            )
            composing.compose(trial)


def ready_bytes(slug: str, connections: str, count: str) -> Answer:
    """One message of the mailing, over so many connections."""
    mails = _mails_of(slug, 1)
    with within(mails[0].cooperative):
        data = composing.compose(mails[0]).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    each = int(count) // int(connections)

    def lane() -> None:
        with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
            for _number in range(each):
                smtp.sendmail("from@bench.example", ["to@bench.example"], data)

    def all_lanes() -> None:
        threads = [threading.Thread(target=lane) for _connection in range(int(connections))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return _timed(all_lanes, each * int(connections))


def message_loop(slug: str, count: str) -> Answer:
    """What one would write: a text rendered once, a message built for each reader, one connection."""
    mails = _mails_of(slug, int(count))
    with within(mails[0].cooperative):
        composer, by_language = composing.Composer(), {}
        for mail in mails:
            if mail.language not in by_language:
                by_language[mail.language] = composer.draft_of(mail, composing.apart_of(mail))

        def loop() -> None:
            connection = get_connection()
            connection.open()
            for mail in mails:
                apart = composing.apart_of(mail)
                message = composing.message_of(mail, apart, by_language[mail.language])
                connection.send_messages([message])
            connection.close()

        return _timed(loop, len(mails))


def bare_anymail(slug: str, count: str) -> Answer:
    """Messages to a thousand readers each, made beforehand with the merge data that ours has."""
    mails = [mail for mail in _mails_of(slug, int(count)) if mail.language == "fr"]
    provider: Any = get_connection()
    dialect = merging.dialect_of(provider)
    assert dialect is not None
    with within(mails[0].cooperative):
        pairs = [(mail, composing.apart_of(mail)) for mail in mails]
        draft = composing.Composer().draft_of(*pairs[0])
        starts = range(0, len(pairs), CALL)
        messages = [merging.message_for(dialect, draft, pairs[start : start + CALL]) for start in starts]
    provider.open()
    return _timed(lambda: [provider.send_messages([message]) for message in messages], len(mails))


def _mails_of(slug: str, count: int) -> list[OutgoingMail]:
    """The first of a mailing that is frozen and not sent."""
    mailing_rows.clear()
    update = mailing_rows.new_update(slug)
    with within(update.cooperative):
        sending.send_news(update, by=None, missing_language=MissingLanguage.NONE)
        rows = OutgoingMail.objects.order_by("pk").prefetch_related("cooperative__site", "backer", "user")
        return list(rows[:count])


def _update_of(slug: str) -> Update:
    campaign = mailing_rows.campaign_of(slug)
    with within(campaign.cooperative):
        rows = Update.objects.select_related("campaign__source_locale", "cooperative__site")
        return rows.filter(campaign=campaign).latest("pk")


def _timed(work: Callable[[], object], recipients: int) -> Answer:
    began, cpu = time.perf_counter(), _cpu()
    work()
    seconds = time.perf_counter() - began
    return {"per_second": recipients / seconds, "cpu_us": (_cpu() - cpu) / recipients * 1e6, "peak_mb": _peak()}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS: dict[str, Callable[..., Answer]] = {
    "make": make,
    "prepare": prepare,
    "freeze": freeze,
    "join": join,
    "ready-bytes": ready_bytes,
    "message-loop": message_loop,
    "bare-anymail": bare_anymail,
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](*sys.argv[2:])))
