"""Every public address that the resolvers know, with what opens it, what its forms ask, and what providers post."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.test import Client

from home.models import OutgoingMail
from home.tenancy import within
from pledges.event_routes import ROUTES
from tests.canary.houses import Inhabited
from tests.canary.routes import Route, walk, ways
from tests.fuzzing.spoiling import document, form
from tests.home.provider_events import HAPPENINGS, PROVIDERS, SECRET

#: Of the admin, what is asked before anybody is known.
ENTRANCES = {
    *("account_login", "account_logout", "mfa_authenticate", "wagtailadmin_login", "wagtailadmin_home"),
    *("wagtailadmin_password_reset", "wagtailadmin_password_reset_confirm", "wagtailadmin_password_reset_done"),
    *("wagtailadmin_javascript_catalog", "wagtailadmin_sprite", "pledges_contributions", "wagtailadmin_explore_root"),
}
#: What no resolver knows.
BESIDES = ["/healthz", "/readyz", "/nowhere/", "/fr/nulle-part/", "/static/css/base.css", "/favicon.ico", "/"]
#: What forms ask, by the names of their fields.
TYPED = {"email": "camille@example.com", "name": "Camille Rivard", "language": "fr", "extra": "20", "text": "Bonjour"}
TYPED |= {"login": "owner.xenops@xenops.example", "password": "secret", "question": "Pourquoi ?", "message": "Merci"}


@dataclass
class Endpoint:
    """One route; `good` and `foreign` are its arguments out of our house and out of theirs."""

    key: str
    path: str
    names: list[str]
    host: str
    good: list[dict[str, Any]]
    foreign: list[dict[str, Any]]
    forms: list[dict[str, str]] = field(default_factory=list)

    @property
    def keyed(self) -> str:
        """The argument that is a key, if any."""
        return next((name for name in self.names if name in ("token", "key")), "")

    def url(self, arguments: dict[str, Any]) -> str:
        said = {
            name: quote(str(value).encode("utf-8", "surrogatepass"), safe="/:~@.") for name, value in arguments.items()
        }
        return self.path % said


@dataclass
class Surface:
    """All of it; `keys` are those of both houses, by the endpoint they open."""

    endpoints: list[Endpoint]
    mails: list[OutgoingMail]

    def foreign_keys(self, endpoint: Endpoint) -> list[str]:
        """Those of another purpose, and of the other cooperative."""
        own = {str(one[endpoint.keyed]) for one in endpoint.good}
        known = {
            str(one[other.keyed]) for other in self.endpoints if other.keyed for one in (*other.good, *other.foreign)
        }
        return sorted(known - own)


def surface_of(ours: Inhabited, theirs: Inhabited) -> Surface:
    endpoints = [_endpoint(route, ours.host, ours, theirs) for route in walk() if _is_public(route)]
    platform = settings.PLATFORM_HOST
    endpoints += [
        _endpoint(route, platform, ours, theirs)
        for route in walk(settings.PLATFORM_URLCONF)
        if route.name != "wagtail_serve"
    ]
    endpoints += [Endpoint(path, path.replace("%", "%%"), [], ours.host, [{}], []) for path in BESIDES]
    client = Client(raise_request_exception=False)
    for one in endpoints:
        one.forms = list(_forms_at(one, client))
    with within(ours.cooperative):
        mails = list(OutgoingMail.objects.order_by("pk")[:5])
    return Surface(endpoints, mails)


def _is_public(route: Route) -> bool:
    return not route.is_admin or route.key in ENTRANCES


def _endpoint(route: Route, host: str, ours: Inhabited, theirs: Inhabited) -> Endpoint:
    path, names = route.shape
    foreign = [] if not names else ways(route, theirs)
    return Endpoint(route.key, path, names, host, ways(route, ours) or [{}], foreign)


def _forms_at(endpoint: Endpoint, client: Client) -> Iterator[dict[str, str]]:
    """Each form of its page as someone would fill it in, and each of its buttons."""
    for arguments in endpoint.good[:1]:
        answer = client.get(endpoint.url(arguments), HTTP_HOST=endpoint.host)
        if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
            found = _Forms()
            found.feed(answer.getvalue().decode())
            yield from found.forms


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.forms.append({})
        elif tag in ("input", "textarea", "select", "button") and name and self.forms:
            kind = said.get("type", "")
            if kind in ("radio", "checkbox") and name in self.forms[-1] and "checked" not in said:
                return
            self.forms[-1][name] = said.get("value") or TYPED.get(name, "1")


def told_by_stripe(chance: Random, objects: list[str]) -> tuple[bytes, str]:
    """An event, and its signature: by the right secret, or not."""
    event = {
        "id": f"evt_{chance.randrange(10**9)}",
        "object": "event",
        "api_version": "2025-01-01",
        "type": chance.choice(sorted(ROUTES)),
        "account": chance.choice([*objects, "acct_unknown", ""]),
        "created": int(time.time()),
        "data": {"object": {"id": chance.choice(objects), "object": "x", "client_reference_id": "x"}},
    }
    payload = document(event, chance)
    secret = settings.STRIPE_WEBHOOK_SECRET if chance.random() < 0.8 else "whsec_other"
    digest = hmac.new(secret.encode(), f"{int(time.time())}.".encode() + payload, sha256).hexdigest()
    return payload, f"t={int(time.time())},v1={digest}"


def told_by_a_provider(chance: Random, mails: list[OutgoingMail]) -> tuple[str, bytes, str, dict[str, str]]:
    """Address, body, what the body is, and headers: of a provider's event, spoilt."""
    provider = chance.choice(PROVIDERS)
    path, request = provider(chance.choice(mails), chance.choice(HAPPENINGS), chance.random() < 0.7)
    kept = {name: value for name, value in request.items() if name not in ("data", "content_type")}
    headers = {
        name.upper() if name.isupper() else name: str(value) for name, value in kept.items() if name != "headers"
    }
    headers |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in kept.get("headers", {}).items()}
    if chance.random() < 0.85:
        headers["HTTP_AUTHORIZATION"] = "Basic " + base64.b64encode(SECRET.encode()).decode()
    data = request["data"]
    if isinstance(data, dict):
        return f"/anymail/{path}", form(data, chance), "application/x-www-form-urlencoded", headers
    return f"/anymail/{path}", document(json.loads(data), chance), request["content_type"], headers
