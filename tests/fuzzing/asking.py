"""One request of chance, and what is wrong with its answer."""

import gzip
import io
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from django.test import Client, TestCase

from home import malformed
from tests.canary.asking import undone
from tests.canary.houses import CANARY
from tests.fuzzing import spoiling
from tests.fuzzing.surface import Endpoint, Surface, told_by_a_provider, told_by_stripe

#: What answers a POST in its place, with 200, once it did what it was asked.
IN_PLACE = {
    *("unsubscribe", "campaign_news_confirm", "sender_confirmation", "email_confirm", "email_undo", "data_download"),
    *("data_erase", "stripe_webhook"),
}
#: What says 503, and why.
AWAY = {"/readyz": "no worker runs", "/healthz": "as /readyz"}
#: What answers 200 whatever the key, and why.
SAYS_SO = {
    "brand_trial": "colours, which the key itself says: no secret",
    "wagtailadmin_password_reset_confirm": "says in its place that the link is no good",
}

#: Forms that were good, and lead to Stripe, which cannot be reached here: what was about to be asked of it stays as a
#: row, to be asked again. A form that was refused writes none of these.
TO_STRIPE = {"contribute_review", "contribution_card", "contribution_change", "contribution_mend"}
ABOUT_TO_HAPPEN = {"pledges_checkout", "pledges_paymentattempt"}

OBJECTS = ["cs_test_1", "pi_test_1", "re_1", "dp_1", "acct_unknown", "cus_1"]


@dataclass
class Asked:
    """A request as it is sent; `what` says how it was made."""

    key: str
    host: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    what: str = ""
    must_refuse: bool = False
    checked: bool = False

    def __str__(self) -> str:
        body = self.body[:300] + (b"..." if len(self.body) > 300 else b"")
        headers = {name: value[:80] for name, value in self.headers.items()}
        asked = f"{self.what} {self.method} {self.host!r} {self.path[:300]!r} ?{self.query[:300]!r}"
        return f"{asked} {self.kind!r} {body!r} {headers}"


def asked(surface: Surface, chance: Random) -> Asked:
    """Any of the ways in which a request may be wrong; some are right, so that what is behind is reached."""
    way = chance.randrange(20)
    if way == 0:
        payload, signature = told_by_stripe(chance, OBJECTS)
        headers = {"HTTP_STRIPE_SIGNATURE": signature}
        return _dressed(
            Asked(
                "stripe_webhook", "", "POST", "/stripe/webhook/", body=payload, kind="application/json", headers=headers
            ),
            chance,
            "event",
        )
    if way == 1:
        path, body, kind, headers = told_by_a_provider(chance, surface.mails)
        return _dressed(
            Asked("anymail", "testserver", "POST", path, body=body, kind=kind, headers=headers), chance, "mail"
        )
    endpoint = chance.choice(surface.endpoints)
    return _about(endpoint, surface, chance)


def _about(endpoint: Endpoint, surface: Surface, chance: Random) -> Asked:
    arguments, what, refused = dict(chance.choice(endpoint.good)), "own", False
    way = chance.randrange(10)
    if endpoint.names and way < 4:
        name = endpoint.keyed if endpoint.keyed and chance.random() < 0.6 else chance.choice(endpoint.names)
        if name == endpoint.keyed:
            arguments[name], what, refused = spoiling.key(str(arguments[name]), chance), "broken", True
        else:
            arguments[name], what = spoiling.value(chance), "odd"
    elif endpoint.foreign and way < 7:
        what, refused = "foreign", bool(endpoint.keyed)
        if endpoint.keyed and chance.random() < 0.6:
            arguments[endpoint.keyed] = chance.choice(surface.foreign_keys(endpoint))
        elif endpoint.keyed:
            arguments[endpoint.keyed] = chance.choice(endpoint.foreign)[endpoint.keyed]
        else:
            arguments = dict(chance.choice(endpoint.foreign))
    host = endpoint.host if chance.random() < 0.95 else chance.choice(spoiling.HOSTS)
    made = Asked(
        endpoint.key, host, "GET", endpoint.url(arguments), must_refuse=refused and endpoint.key not in SAYS_SO
    )
    if chance.random() < 0.45:
        made.method = "POST"
        fields = dict(chance.choice(endpoint.forms)) if endpoint.forms else {}
        fields |= {} if fields and chance.random() < 0.7 else {chance.choice(spoiling.NAMES): spoiling.value(chance)}
        made.body, made.kind = spoiling.body(fields, chance)
    elif chance.random() < 0.3:
        made.method = chance.choice(spoiling.METHODS)
    made.checked = chance.random() < 0.05
    return _dressed(made, chance, what)


def _dressed(made: Asked, chance: Random, what: str) -> Asked:
    """With a query and headers, more or less odd."""
    made.what = what
    if chance.random() < 0.4:
        made.query = spoiling.query(chance)
    if chance.random() < 0.03:
        made.path = chance.choice(["/%", "/%zz", "//", "/%ff%fe", "/../", "/a%00b", "/" + "x" * 9_000]) + made.path
    for name in chance.sample(sorted(spoiling.HEADERS), chance.choice([0, 0, 1, 2, 4])):
        made.headers.setdefault(name, chance.choice(spoiling.HEADERS[name]))
    return made


class Visitor(Client):
    """Asks as the entry point of the server does."""

    def _base_environ(self, **request: Any) -> dict[str, Any]:
        return malformed.of_wsgi(super()._base_environ(**request))


@cache
def _client(checked: bool) -> Visitor:
    """One for all requests: making the chain of middleware takes longer than most of them."""
    return Visitor(enforce_csrf_checks=checked)


def send(made: Asked) -> Any:
    """As a server hands it over: what the environment says is what the bytes said, read as Latin-1."""
    client = _client(made.checked)
    client.cookies.clear()
    said = {
        "wsgi.input": io.BytesIO(made.body),
        "CONTENT_LENGTH": str(len(made.body)),
        "CONTENT_TYPE": made.kind,
        "QUERY_STRING": made.query,
        "HTTP_HOST": made.host,
        **made.headers,
    }
    with TestCase.captureOnCommitCallbacks(execute=True):
        response = client.generic(made.method, made.path, **said)
        body = response.getvalue()
    packed = response.headers.get("Content-Encoding") == "gzip"
    response.said = gzip.decompress(body) if packed and body else body
    return response


def faults(made: Asked, changed: Any, seen: Counter[str]) -> list[str]:
    """What was wrong, in words: an exception, a status of 500, a row changed by what was refused, a word of theirs."""
    with undone():
        changed()
        found, accepted = _judged(made, changed, seen)
        if accepted and made.method == "POST" and made.key in IN_PLACE:
            found += [f"again: {one}" for one in _judged(made, changed, seen)[0]]
    return found


def _judged(made: Asked, changed: Any, seen: Counter[str]) -> tuple[list[str], bool]:
    try:
        response = send(made)
    except Exception as error:
        return [f"{type(error).__module__}.{type(error).__name__}: {error}"[:300]], False
    status = response.status_code
    seen[str(status)] += 1
    seen[made.what] += 1
    found = []
    if status >= 500 and not (status == 503 and made.key in AWAY):
        found.append(f"status {status}")
    in_place = status < 300 and made.key in (*IN_PLACE, "anymail")
    accepted = made.method == "POST" and (in_place or _leads_on(response))
    tables = changed()
    asks_stripe = made.method == "POST" and made.key in TO_STRIPE and not made.must_refuse
    if asks_stripe and status == 200 and tables & ABOUT_TO_HAPPEN:
        accepted = True
    if not accepted and tables:
        found.append(f"status {status}, and changes {sorted(tables)}")
    if made.must_refuse and 200 <= status < 300 and made.method not in ("OPTIONS", "HEAD"):
        found.append(f"status {status} for a key that is {made.what}")
    if CANARY.search(response.said):
        found.append("says the word of the other house")
    return found, accepted


def _leads_on(response: Any) -> bool:
    """A redirect, or one said in JSON: so allauth answers who asks for that."""
    said_so = response.headers.get("Content-Type", "").startswith("application/json") and b'"location"' in response.said
    return 300 <= response.status_code < 400 or said_so
