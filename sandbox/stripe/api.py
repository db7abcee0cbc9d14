"""The HTTP API: who asks, which endpoint, once per idempotency key, and what goes wrong on order."""

import asyncio
import base64
import binascii
import hmac
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from . import API_VERSION, PLATFORM_ACCOUNT, due, endpoints
from .endpoints import Endpoint
from .errors import ApiError, Json, rate_limited, server_error, unknown_url
from .expand import expand
from .faults import Fault
from .hangup import HangUp
from .idempotency import Idempotency, Saved
from .params import check, decode
from .resources.accounts import no_access
from .store import dumps
from .world import Call, World, new_request_id


@dataclass
class Asked:
    """One request, understood but not yet executed."""

    endpoint: Endpoint
    call: Call
    raw: Json
    place: str


class Api:
    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = Idempotency(world.store, world.clock)

    async def __call__(self, request: Request) -> Response:
        request_id = new_request_id()
        try:
            asked = await self._understand(request, request_id)
            return await self._once(asked)
        except ApiError as error:
            return _response(Saved(error.status, dumps(error.body), request_id))

    async def _understand(self, request: Request, request_id: str) -> Asked:
        self._authenticate(request)
        due.run(self._world)
        method, path = request.method, request.url.path
        found = endpoints.find(method, path)
        if found is None:
            raise unknown_url(method, path)
        endpoint, names = found
        raw = decode(await _text(request))
        if method == "POST" and request.url.query:
            raise ApiError(400, "Parameters of a POST belong in its body.", saved=False)
        key = request.headers.get("idempotency-key") if method == "POST" else None
        call = Call(self._world, self._account(request), check(endpoint.params, raw), names, key, request_id, path)
        return Asked(endpoint, call, raw, f"{method} {path}")

    def _authenticate(self, request: Request) -> None:
        given = _key(request.headers.get("authorization", ""))
        if not given:
            raise ApiError(
                401,
                "You did not provide an API key. You need to provide your API key in the Authorization header, "
                "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                saved=False,
            )
        if not hmac.compare_digest(given.encode(), self._world.settings.platform_key.encode()):
            raise ApiError(401, f"Invalid API Key provided: {given[:8]}***{given[-4:]}", saved=False)
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            raise ApiError(
                400, f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION} only.", saved=False
            )

    def _account(self, request: Request) -> str:
        """The account whose objects are meant: the platform's unless Stripe-Account names another."""
        account = request.headers.get("stripe-account")
        if account is None:
            return PLATFORM_ACCOUNT
        row = self._world.store.find(account)
        if row is None or row.kind != "account" or row.inner.get("deauthorized"):
            raise no_access(account)
        return account

    async def _once(self, asked: Asked) -> Response:
        """Run the request, or replay what was answered under its key."""
        call, key = asked.call, asked.call.idempotency_key
        if key is None:
            return await self._run(asked)
        saved = self._keys.begin(call.account, key, asked.place, asked.raw)
        if saved is not None:
            return _response(saved, key, replayed=True)
        try:
            return await self._run(asked)
        finally:
            self._keys.end(call.account, key)

    async def _run(self, asked: Asked) -> Response:
        fault = self._world.faults.strike(asked.endpoint.method, asked.call.url)
        if fault is not None and fault.kind == "429":
            raise rate_limited()
        if fault is not None and fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
        answer = self._execute(asked, fault)
        if fault is not None and fault.kind == "timeout_after_commit":
            raise HangUp
        return _response(answer, asked.call.idempotency_key)

    def _execute(self, asked: Asked, fault: Fault | None) -> Saved:
        """One transaction: the work, and the answer saved under the key. A refusal undoes the work."""
        try:
            with self._world.store.transaction():
                answer = self._work(asked, fault)
                self._save(asked, answer)
        except ApiError as error:
            answer = _saved(asked, error)
            if error.saved:
                with self._world.store.transaction():
                    self._save(asked, answer)
        return answer

    def _work(self, asked: Asked, fault: Fault | None) -> Saved:
        if fault is not None and fault.kind == "500":
            raise server_error()
        try:
            body = asked.endpoint.handler(asked.call)
            expand(asked.call, body, asked.call.get("expand", []))
        except ApiError as error:
            if not error.commits:
                raise
            answer = _saved(asked, error)
        else:
            answer = Saved(200, dumps(body), asked.call.request_id or "")
        if fault is not None and fault.kind == "500_after_commit":
            return _saved(asked, server_error())
        return answer

    def _save(self, asked: Asked, answer: Saved) -> None:
        key = asked.call.idempotency_key
        if key is not None:
            self._keys.save(asked.call.account, key, asked.place, asked.raw, answer)


async def _text(request: Request) -> str:
    """Parameters as sent: in the body of a POST, else in the query."""
    if request.method != "POST":
        return request.url.query
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise ApiError(400, "Invalid request body: it is not UTF-8.", saved=False) from error


def _saved(asked: Asked, error: ApiError) -> Saved:
    return Saved(error.status, dumps(error.body), asked.call.request_id or "")


def _key(header: str) -> str:
    """The API key of a Bearer header, or the user name of a Basic one."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _response(answer: Saved, key: str | None = None, *, replayed: bool = False) -> Response:
    headers = {"request-id": new_request_id() if replayed else answer.request_id, "stripe-version": API_VERSION}
    if key is not None:
        headers["idempotency-key"] = key
    if replayed:
        headers |= {"idempotent-replayed": "true", "original-request": answer.request_id}
    return Response(answer.body, answer.status, headers, "application/json")
