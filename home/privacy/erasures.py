"""What is left to do once someone was erased: their name in texts of others, and the list that outlives a restore.

`note` is called in the transaction that erases. After it the rows say what is left, and the tick does it: what names
them is taken out of every text (`words` is emptied then, with `done_at`), and a line is added to the list
(`listed_at`). A process that dies before either does it again: both may be done twice.
"""

import logging
from collections.abc import Iterable
from functools import partial
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet

from home import clock
from home.models import Backer, Erasure
from home.page_cache import versions
from home.privacy import erasure_list, marks, naming, scrubbing
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

AT_ONCE = 50


def note(backer: Backer, words: Iterable[str]) -> Erasure:
    """Write down that this backer, who has a name and an address still, is erased by the running transaction.

    `words` is what may name them; what would find others, or the words of everyone, is left out.
    """
    cooperative = backer.cooperative
    telling = naming.worth_looking_for(words, cooperative)
    made = Erasure.objects.create(
        cooperative=cooperative,
        mark=marks.mark(cooperative, backer.email_key),
        at=clock.now(),
        words=scrubbing.not_said_before(telling, cooperative, backer.created_at),
    )
    transaction.on_commit(_nudge)
    return made


def _unfinished() -> QuerySet[Erasure]:
    return Erasure.objects.filter(Q(done_at=None) | Q(listed_at=None))


def is_due() -> bool:
    with across_cooperatives():
        return _unfinished().exists()


def finish_due() -> int:
    """Finish what is left, some people at a time: how many are finished."""
    with across_cooperatives():
        rows = list(_unfinished().select_related("cooperative__site").order_by("pk")[:AT_ONCE])
        erasure_list.add(row for row in rows if row.listed_at is None)
    open_rows = sorted((row for row in rows if row.done_at is None), key=_house)
    return sum(_finish(list(some)) for _key, some in groupby(open_rows, key=_house))


def _house(row: Erasure) -> int:
    return row.cooperative_id


def _finish(rows: list[Erasure]) -> int:
    """Those of one cooperative together, as all its texts are read."""
    cooperative = rows[0].cooperative
    with within(cooperative):
        if not scrubbing.take_out(sorted({word for row in rows for word in row.words}), cooperative):
            log.warning("erasures of %s are not finished: texts change while they are read", cooperative.slug)
            return 0
        Erasure.objects.filter(pk__in=[row.pk for row in rows]).update(words=[], done_at=clock.now())
        transaction.on_commit(partial(versions.bump, cooperative.pk))
    return len(rows)


def _nudge() -> None:
    from home.tasks import finish_erasures  # noqa: PLC0415 (tasks import this module)

    finish_erasures.enqueue()
