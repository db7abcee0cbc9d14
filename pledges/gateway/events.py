"""Events that never came are read from the list that Stripe keeps for 30 days."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from stripe import RequestOptions
from stripe.params import EventListParams

from pledges.gateway.client import client, on
from pledges.gateway.errors import translated
from pledges.gateway.types import EventHead
from pledges.gateway.webhooks import as_head

#: Stripe takes at most 20 kinds in one question.
KINDS_AT_ONCE = 20


def list_events(account: str, kinds: Sequence[str], since: datetime | None) -> Iterator[EventHead]:
    """Heads of the events of these kinds since then, newest first for each twenty kinds; a page in memory at a time.

    `account` empty: the platform's own. Raises NoAccess or Unavailable, also half way.
    """
    for start in range(0, len(kinds), KINDS_AT_ONCE):
        params: EventListParams = {"types": list(kinds[start : start + KINDS_AT_ONCE]), "limit": 100}
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}
        options: RequestOptions = on(account) if account else {}
        with translated():
            for event in client(account).v1.events.list(params, options).auto_paging_iter():
                yield as_head(event, account)
