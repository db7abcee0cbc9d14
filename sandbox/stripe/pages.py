"""The pages Stripe would host: checkout, the bank's 3-D Secure page, onboarding. No script, no third party."""

import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from . import checkout, due, wording
from .errors import Json
from .money import formatted
from .resources import accounts
from .store import Row
from .world import Call, World

_HERE = Path(__file__).parent
_SECURITY = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "cache-control": "no-store",
}  # fmt: skip
Handler = Callable[[Request], Awaitable[Response]]


class Pages:
    def __init__(self, world: World) -> None:
        self._world = world
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )

    # Checkout

    async def checkout(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return self._notice(wording.words(None, _language(request)), "missing", 404)
        words = wording.words(session.body["locale"], _language(request))
        closed = self._closed(session, words)
        if closed is not None:
            return closed
        if request.method != "POST":
            return self._form(session, words, _stored(session), self._earlier_problem(session))
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        return self._pay(session, words, form)

    def _session(self, request: Request) -> Row | None:
        due.run(self._world)
        row = self._world.store.find(request.path_params["id"])
        return row if row is not None and row.kind == "checkout.session" else None

    def _closed(self, session: Row, words: dict[str, str]) -> Response | None:
        name, body = self._merchant(session.account), session.body
        if body["status"] == "complete":
            return self._notice(words, "complete", 200, name, checkout.success_url(body))
        if body["status"] == "expired":
            return self._notice(words, "expired", 410, name, body["cancel_url"])
        account = self._world.store.find(session.account)
        if account is not None and not account.body["charges_enabled"]:
            return self._notice(words, "disabled", 503, name, body["cancel_url"])
        return None

    def _pay(self, session: Row, words: dict[str, str], form: dict[str, str]) -> Response:
        known = (session.body["customer_details"] or {}).get("email")
        if known:
            form["email"] = known
        problems = _problems(form, self._world.clock.now())
        if problems:
            return self._form(session, words, form, problems, 422)
        month, year = _expiry(form["expiry"]) or (0, 0)
        typed = checkout.Typed(_digits(form["number"]), month, year, form["cvc"], form["name"], form["email"])
        with self._world.store.transaction():
            outcome = checkout.submit(self._world.call(session.account), session, typed)
        if outcome.state == "declined":
            return self._form(session, words, form, {"number": wording.problem_key(outcome.error or {})}, 402)
        return RedirectResponse(outcome.url, 303)

    def _earlier_problem(self, session: Row) -> dict[str, str]:
        """Back from the bank: what became of the attempt."""
        intent = self._intent(session)
        error = intent and (intent.body.get("last_payment_error") or intent.body.get("last_setup_error"))
        return {"number": wording.problem_key(error)} if error else {}

    def _intent(self, session: Row) -> Row | None:
        object_id = session.body["payment_intent"] or session.body["setup_intent"]
        return self._world.store.find(object_id) if object_id else None

    def _form(
        self, session: Row, words: dict[str, str], form: dict[str, str], problems: dict[str, str], status: int = 200
    ) -> Response:
        body, french = session.body, words["lang"] == "fr"
        items = [
            {"name": item["description"], "quantity": item["quantity"],
             "amount": formatted(item["amount_total"], item["currency"], french)}
            for item in session.inner["items"]
        ]  # fmt: skip
        total = formatted(body["amount_total"], body["currency"], french) if body["mode"] == "payment" else ""
        known = (body["customer_details"] or {}).get("email")
        submit = body["custom_text"]["submit"]
        return self._render(
            "checkout.html", words, status, session=body, items=items, total=total, known_email=known, form=form,
            problems=problems, name=self._merchant(session.account), message=submit["message"] if submit else "",
        )  # fmt: skip

    def _merchant(self, account_id: str) -> str:
        account = self._world.store.find(account_id)
        if account is None:
            return "Tremplin"
        return str(account.body["business_profile"]["name"] or account.body["email"] or account_id)

    # The bank's page

    async def bank(self, request: Request) -> Response:
        due.run(self._world)
        intent = self._world.store.find(request.path_params["id"])
        session = intent and self._world.store.find(intent.inner.get("session", ""))
        words = wording.words(session.body["locale"] if session else None, _language(request))
        asked = intent and intent.inner.get("bank")
        if intent is None or not asked or asked["token"] != request.path_params["token"]:
            return self._notice(words, "bank_closed", 410)
        if request.method != "POST":
            return self._bank_form(intent, words)
        passed = (await request.form()).get("answer") == "complete"
        with self._world.store.transaction():
            call = self._world.call(intent.account)
            checkout.answer_bank(call, intent, passed)
            url = self._after_bank(call, intent, session, asked["return_url"])
        if url is None:
            return self._notice(words, "bank_closed", 200)
        return RedirectResponse(url, 303)

    def _bank_form(self, intent: Row, words: dict[str, str]) -> Response:
        amount = ""
        if intent.kind == "payment_intent":
            amount = formatted(intent.body["amount"], intent.body["currency"], words["lang"] == "fr")
        return self._render("bank.html", words, name=self._merchant(intent.account), amount=amount)

    def _after_bank(self, call: Call, intent: Row, session: Row | None, return_url: str | None) -> str | None:
        if session is None:
            return _returned(return_url, intent) if return_url else None
        if intent.body["status"] == "succeeded":
            return checkout.complete(call, session)
        return str(session.body["url"])

    # Onboarding

    async def onboarding(self, request: Request) -> Response:
        account = self._world.store.find(request.path_params["id"])
        words = wording.words(None, _language(request))
        link = account and account.inner.get("link")
        if account is None or not link or link["token"] != request.path_params["token"]:
            return self._notice(words, "missing", 404)
        name = self._merchant(account.body["id"])
        if link["expires_at"] < self._world.clock.now():
            return self._render(
                "notice.html", words, 410, title=words["link_expired_title"], text=words["link_expired_text"],
                link=link["refresh_url"], label=words["ask_new_link"],
            )  # fmt: skip
        if request.method != "POST":
            return self._render("onboarding.html", words, name=name)
        with self._world.store.transaction():
            accounts.complete(self._world.call(account.account), account.body)
        return RedirectResponse(link["return_url"], 303)

    # Rendering

    def _notice(
        self, words: dict[str, str], what: str, status: int, name: str = "", link: str | None = None
    ) -> Response:
        return self._render(
            "notice.html", words, status, title=words[f"{what}_title"], text=words[f"{what}_text"].format(name=name),
            link=link, label=words["continue"].format(name=name),
        )  # fmt: skip

    def _render(self, template: str, words: dict[str, str], status: int = 200, **more: Any) -> Response:
        text = self._templates.get_template(template).render(t=words, **more)
        return HTMLResponse(text, status, _SECURITY)


def _returned(url: str, intent: Row) -> str:
    """return_url with what Stripe adds to it."""
    kind = intent.kind
    fine = "succeeded" if intent.body["status"] == "succeeded" else "failed"
    added = {
        kind: intent.body["id"], f"{kind}_client_secret": intent.body["client_secret"], "redirect_status": fine,
    }  # fmt: skip
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    return urlunsplit(parts._replace(query=query))


def _language(request: Request) -> str:
    return request.headers.get("accept-language", "")


def _stored(session: Row) -> dict[str, str]:
    typed: Json = session.inner.get("typed", {})
    return {"name": typed.get("name") or "", "email": typed.get("email") or "", "expiry": ""}


def _digits(text: str) -> str:
    return re.sub(r"[\s\u00a0-]", "", text)


def _expiry(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{1,2})\s*/?\s*(?:20)?(\d{2})", text)
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    return int(found[1]), 2000 + int(found[2])


def _problems(form: dict[str, str], now: int) -> dict[str, str]:
    """Field by field, what keeps the card from being tried at all."""
    problems: dict[str, str] = {}
    for name in ("number", "expiry", "cvc", "name", "email"):
        form.setdefault(name, "")
    if "@" not in form["email"].strip("@"):
        problems["email"] = "email_invalid"
    if not _digits(form["number"]).isdigit():
        problems["number"] = "number_incomplete"
    expiry, today = _expiry(form["expiry"]), time.gmtime(now)
    if expiry is None:
        problems["expiry"] = "expiry_invalid"
    elif (expiry[1], expiry[0]) < (today.tm_year, today.tm_mon):
        problems["expiry"] = "expiry_past"
    if not re.fullmatch(r"\d{3,4}", form["cvc"]):
        problems["cvc"] = "cvc_incomplete"
    if not form["name"]:
        problems["name"] = "name_missing"
    return problems


async def _stylesheet(_: Request) -> Response:
    return FileResponse(_HERE / "assets" / "checkout.css", media_type="text/css")


def routes(world: World) -> list[Route]:
    pages = Pages(world)
    both = ["GET", "POST"]
    return [
        Route("/c/pay/{id}", pages.checkout, methods=both),
        Route("/bank/{id}/{token}", pages.bank, methods=both),
        Route("/setup/{id}/{token}", pages.onboarding, methods=both),
        Route("/_assets/checkout.css", _stylesheet),
    ]
