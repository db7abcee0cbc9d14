"""Who asks, at which host, and what an answer says: headers, body, files in it, and what is kept for the next page."""

import contextlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, RequestFactory, TestCase
from wagtail.images.tests.utils import get_test_image_file

from home.models import User
from tests.canary.houses import CANARY, COMMON, Inhabited, by_table, state_of, strangers_that_refer
from tests.inline import scripts_in

ROLES = ["anonymous", "editor", "adviser", "treasurer", "owner"]

#: What is written on any request, and says nothing of anybody.
OF_THE_MACHINE = {"django_session", "wagtailcore_referenceindex", "wagtailsearch_indexentry"}
#: A picture of one pixel.
DOT = get_test_image_file(size=(1, 1)).file.getvalue()
WRITE = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+\"(\w+)\"", re.IGNORECASE)


@dataclass
class Answer:
    """What came back to one request."""

    url: str
    status: int
    said: bytes
    location: str = ""
    kind: str = ""
    writes: set[str] = field(default_factory=set)

    @property
    def sings(self) -> bool:
        return CANARY.search(self.said) is not None


class Asker:
    """Someone at a host. Each answer is read whole; cookies of one answer do not reach the next request."""

    def __init__(self, host: str, user: User | None = None, role: str = "anonymous") -> None:
        self.role = role
        self.client = Client(HTTP_HOST=host, raise_request_exception=False)
        self.user = user
        if user is not None:
            log_in(self.client, user)
        self._cookies = {name: one.value for name, one in self.client.cookies.items()}

    def get(self, url: str, **headers: Any) -> Answer:
        return self._asked("get", url, None, headers)

    def post(self, url: str, data: Any, **headers: Any) -> Answer:
        return self._asked("post", url, data, headers)

    def _asked(self, method: str, url: str, data: Any, headers: dict[str, Any]) -> Answer:
        writes: set[str] = set()
        with connection.execute_wrapper(_listening(writes)):
            response = getattr(self.client, method)(url, data, **headers)
            said = _said_by(response)
        if response.headers.get("Content-Type", "").startswith(("text/html", "application/json")):
            assert scripts_in(response.content.decode()) == [], url
        answer = Answer(
            url=url,
            status=response.status_code,
            said=said,
            location=response.headers.get("Location", ""),
            kind=response.headers.get("Content-Type", ""),
            writes=writes - OF_THE_MACHINE,
        )
        for name in set(self.client.cookies) - set(self._cookies):
            del self.client.cookies[name]
        for name, value in self._cookies.items():
            self.client.cookies[name] = value
        return answer


def log_in(client: Client, user: User) -> None:
    """As whoever proved who they are, by as many factors as their role asks for."""
    client.force_login(user)


def someone(house: Inhabited, role: str, host: str | None = None) -> Asker:
    """Someone of a house, at its host or another's."""
    return Asker(host or house.host, house.people.get(role), role)


def _listening(writes: set[str]) -> Any:
    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if match := WRITE.match(sql):
            writes.add(match[1])
        return execute(sql, params, many, context)

    return wrapper


def _said_by(response: Any) -> bytes:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    cookies = "\n".join(f"{one.key}={one.value}" for one in response.cookies.values())
    told = "\n".join(_messages_in(response))
    return b"\n".join([headers.encode(), cookies.encode(), told.encode(), *_parts_of(body)])


def _messages_in(response: Any) -> Iterator[str]:
    """What the next page would say: the cookie that keeps it is compressed."""
    cookie = response.cookies.get("messages")
    if cookie is not None and cookie.value:
        request = RequestFactory().get("/")
        request.COOKIES["messages"] = cookie.value
        yield from (str(one.message) for one in CookieStorage(request))


def _parts_of(body: bytes) -> Iterator[bytes]:
    """The body, and the files in it: spreadsheets are archives."""
    yield body
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from _parts_of(archive.read(name))


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """What happens within is undone, counts of attempts too; what waits for the commit is done within."""
    cache.clear()
    with TestCase.captureOnCommitCallbacks(execute=False) as waiting:
        atomic = transaction.atomic()
        atomic._from_testcase = True
        with atomic:
            yield
            for one in list(waiting):
                one()
            transaction.set_rollback(True)


def harm(asker: Asker, url: str, data: Any, theirs: Inhabited, untouched: dict[str, Any], **headers: Any) -> list[str]:
    """What a POST did to the other house, in words: read, changed, or referred to."""
    with undone():
        with TestCase.captureOnCommitCallbacks(execute=True):
            answer = asker.post(url, data, **headers)
        found = []
        if answer.sings:
            found.append("says the word")
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        if answer.status == 429:
            found.append("is held back, so that it was not tried")
        tables = answer.writes & set(by_table(theirs))
        if tables:
            now = state_of(theirs, tables)
            found += [f"changes {label}" for label in now if now[label] != untouched[label]]
            found += [f"refers by {name}" for name in strangers_that_refer(theirs, tables)]
    return found


def queries_of(house: Inhabited) -> list[str]:
    """What lists are asked with: searched; as a file; by the house's rows."""
    campaign, reward = house.house.campaign.pk, house.house.reward.pk
    collection, owner = house.house.image.collection_id, house.people["owner"].pk
    home, page, site = house.cooperative.site.root_page_id, house.made["text"].pk, house.cooperative.site_id
    narrowed = f"campaign={campaign}&reward={reward}&item={house.house.item.pk}&to=sent&id={page}&parent={home}"
    narrowed += f"&collection_id={collection}&user={owner}&owner={owner}&root_page={home}&site={site}"
    return [f"q={COMMON}&p=1&term={COMMON}", "export=xlsx&as=csv", "export=csv", narrowed]


def body_about(house: Inhabited) -> dict[str, Any]:
    """One body for every form: whatever a field is called, it names a row of the house."""
    one = house.house
    page, home = house.made["text"].pk, one.cooperative.site.root_page_id
    file, files = (SimpleUploadedFile(name, DOT, "image/png") for name in ("x.png", "y.png"))
    return {
        **{"title": "X", "name": "X", "text": "X", "answer": "X", "note": "X", "reason": "X", "slug": "x"},
        **{"campaign": one.campaign.pk, "reward": one.reward.pk, "item": one.item.pk, "items": one.item.pk},
        **{"pledge": one.pledge.pk, "backer": one.pledge.backer_id, "payment": one.money.payment.pk},
        **{"page": page, "id": page, "ids": page, "new_parent_page": home, "parent_page": home, "chooser": home},
        **{"collection": one.image.collection_id, "parent": one.image.collection_id, "image": one.image.pk},
        **{"document": one.document.pk, "media": one.video.pk, "user": one.owner.pk, "users": one.owner.pk},
        **{"task": house.made["task"].pk, "workflow": house.made["workflow"].pk, "site": one.cooperative.site_id},
        **{"root_page": home, "redirect_page": page, "locales": 2, "next": "/admin/", "confirm": "1"},
        **{"people": "1", "expected": "1", "act": "approve", "missing_language": "send_other", "to": "sent"},
        **{"email": "x@x.example", "amount": "1", "extra": "99", "language": "en", "method": "cash"},
        **{"publish_translations": "on", "action-publish": "1", "action": "approve", "comment": "X"},
        **{"restriction_type": "none", "confirm_site_name": "X", "role": "owner", "file": file, "files[]": files},
        **{"image-chooser-upload-title": "X", "image-chooser-upload-collection": one.image.collection_id},
        **{"document-chooser-upload-title": "X", "document-chooser-upload-collection": one.image.collection_id},
    }
