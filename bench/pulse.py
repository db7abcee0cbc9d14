"""A campaign page read at full speed while contributions arrive through the code that takes them, and one thing is
published: how old what is read may be, and how often the page is made anew for it.

Eight clients read it as fast as they can. Beside them one asks again and again, and notes when the number of people
first says what was committed. `late_s` is the latest of all contributions; `old_answers` are those with the former
title, of requests that were begun more than 50 ms after the new one was published. `made_per_second` is how often the
page was made, in all processes.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bench.answers import Answer
from bench.figures import Bound, Contender, Figure, Place, Reading, plain
from bench.installation import installed
from bench.load import Story, load
from bench.serving import Served

HOST = "meule.localhost"
WORKERS, THREADS, CLIENTS = 2, 4, 8
#: Contributions at the stated size, and how many of them arrive in a second.
PLEDGES, A_SECOND = 200, 5
#: Seconds after which an answer with the former title counts as old.
AT_ONCE = 0.05
PEOPLE = re.compile(rb"<b>(\d+)</b> personnes ont contribu")


@dataclass
class Watch:
    """What the readers saw."""

    running: bool = True
    made: int = 0
    read: int = 0
    seen: dict[int, float] = field(default_factory=dict)
    published: float = 0.0
    old_answers: int = 0

    def story(self, request: bytes, title: bytes) -> Any:
        def told(client: int) -> Story:
            while self.running:
                begun = time.perf_counter()
                self.note((yield request), begun, title)

        return told

    def note(self, answer: Answer, begun: float, title: bytes) -> None:
        self.read += 1
        self.made += "made" in answer.header("Server-Timing")
        if found := PEOPLE.search(answer.body):
            self.seen.setdefault(int(found[1]), time.perf_counter())
        if self.published and begun > self.published + AT_ONCE and title not in answer.body:
            self.old_answers += 1


def _give(campaign: Any, people: int, count: int) -> dict[int, float]:
    """Contributions through the product's own code; when the one that makes it so many people was committed."""
    from home.tenancy import within  # noqa: PLC0415 (Django is set up by now)
    from pledges import pledging  # noqa: PLC0415
    from pledges.gateway.types import Card  # noqa: PLC0415
    from tests.factories.requests import pledge_request  # noqa: PLC0415

    committed = {}
    with within(campaign.cooperative):
        for number in range(people + 1, people + count + 1):
            checkout = pledging.begin(
                campaign.cooperative, pledge_request(campaign, extra=2500, email=f"pouls{number}@courriel.example")
            )
            pledging.confirm_promise(checkout, Card(f"pm_{number}", "4242", date(2031, 1, 1)))
            committed[number] = time.perf_counter()
            time.sleep(1 / A_SECOND)
    return committed


def _publish(campaign: Any, title: str) -> float:
    from campaigns.models import CampaignPage  # noqa: PLC0415
    from home.tenancy import within  # noqa: PLC0415

    with within(campaign.cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
        page.title = title
        page.save_revision().publish()
    return time.perf_counter()


def _measured(server: Served, request: bytes, campaign: Any, count: int) -> Reading:
    from home.tenancy import within  # noqa: PLC0415
    from pledges.totals import progress_of  # noqa: PLC0415

    with within(campaign.cooperative):
        people = progress_of(campaign).backers
    title = f"Publié {time.time():.0f}"
    watch = Watch()
    readers = threading.Thread(
        target=load, args=(server.port, watch.story(request, title.encode())), kwargs={"clients": CLIENTS}
    )
    begun = time.perf_counter()
    readers.start()
    try:
        committed = _give(campaign, people, count)
        watch.published = _publish(campaign, title)
        time.sleep(1.5)
    finally:
        watch.running = False
        readers.join()
    lasted = time.perf_counter() - begun
    late = [_first_after(watch.seen, number, lasted + begun) - at for number, at in committed.items()]
    return {
        "late_s": max(late),
        "made_per_second": watch.made / lasted,
        "per_second": watch.read / lasted,
        "old_answers": float(watch.old_answers),
    }


def _first_after(seen: dict[int, float], number: int, never: float) -> float:
    """When so many people, or more, were first read of."""
    return min((at for people, at in seen.items() if people >= number), default=never)


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    with installed(place.folder) as site:
        from bench import reading_site  # noqa: PLC0415 (models are importable once Django is set up)

        campaign = reading_site.make(HOST)
        request = site.get(reading_site.paths_of(campaign)["fr"], HOST)
        count = place.size(PLEDGES)
        with site.served(WORKERS, THREADS) as ours:
            yield {"ours": lambda: _measured(ours, request, campaign, count)}


FIGURE = Figure(
    name="pulse",
    about="A campaign page read at full speed while people contribute and its team publishes",
    stand=stand,
    bounds=(
        Bound("s until a contribution shows, the latest", plain("ours.late_s"), at_most=1),
        Bound("times a second that the page is made", plain("ours.made_per_second"), at_most=1.5),
        Bound("old answers once something was published", plain("ours.old_answers"), at_most=0),
    ),
)
