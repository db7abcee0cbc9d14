"""Walks over every route: what is asked, and what of the answers is a leak."""

import os
from dataclasses import dataclass, field
from functools import cache

from tests.canary.asking import Answer, Asker, body_about, harm, queries_of, someone
from tests.canary.houses import Inhabited, state_of
from tests.canary.routes import Route, Unfilled, address, is_about_a_row, walk, ways

#: Addresses that nobody of a cooperative opens with what is theirs, by how their keys begin, and why.
SHUT = {
    "federations:": "for the platform's operators",
    "platform_": "for the platform's operators",
    "wagtailadmin_collections:": "for the platform's operators",
    "wagtailadmin_workflows:": "for the platform's operators",
    "wagtaillocales:": "for the platform's operators",
    "wagtailredirects:": "for the platform's operators",
    "wagtailsites:": "for the platform's operators",
    "wagtailsnippets:": "for the platform's operators",
    "wagtailusers_": "for the platform's operators",
    "admin/.*/$": "what no address is: not found",
    "admin/localize/api/snippets/": "for the platform's operators",
    "admin/localize/submit/snippet/": "for the platform's operators",
    "wagtail_localize:snippets_api_": "for the platform's operators",
    "wagtail_localize:submit_snippet_translation": "for the platform's operators",
    "wagtailadmin_error_test": "for the platform's operators",
    "admin/media/": "there is no audio",
    "wagtailadmin_reports:page_types_usage": "for the platform's operators",
    "wagtailadmin_reports:workflow": "nobody may change a workflow: what waits stands in the list of campaigns",
    "anymail:": "asks for a POST that the provider signed",
    "wagtailadmin_block_preview": "no block of ours has a preview",
    "wagtailadmin_api:": "looks a page up by its address, and leads to it",
    "wagtailadmin_pages:convert_alias": "the houses have no alias",
    "wagtailadmin_pages:revisions_index": "leads to the history",
    "wagtailimages:url_generator": "no address is given out for a picture's sizes",
    "wagtail_bulk_action": "asks for rows in its query",
    "brand_mail_logo": "the brand has no picture for mails",
    "brand_preview": "asks for the form that is being filled in",
    "brand_social": "the brand has no picture for sharing",
    "campaign_image": "leads to the name of today's picture",
    "reward_image": "leads to the name of today's picture",
    "campaign_notify": "the campaign is open",
    "campaigns_launch": "the campaign is not approved",
    "checkout_cancelled": "the checkout is over, and leads on",
    "contribute_review": "leads to the form it follows",
    "contribution_accept": "nothing waits for an answer",
    "contribution_arrival": "nothing was sent",
    "contribution_refund_withdraw": "the request was made by another link",
    "email_confirm": "the change is over",
    "email_undo": "the change is over",
    "pledges_account_": "leads to the page of the account, by Stripe",
    "pledges_fulfilment_mark": "asks for rows in its query",
    "pledges_survey_": "the survey is open, and no longer changes",
    "campaign_summary": "the outcome is not decided",
    "mfa_authenticate": "no log-in is under way",
    "mfa_deactivate_totp": "whoever asks has no second factor",
    "mfa_reauthenticate": "whoever asks has no second factor",
    "mfa_view_recovery_codes": "whoever asks has no second factor",
    "second_factor_reset": "whoever is asked about has no second factor",
    "pledges_trial": "no rehearsal is under way",
    "mfa_remove_webauthn": "one's own passkeys alone: the houses' are someone else's",
    "resuming": "the campaign is not paused",
    "updates_draft": "nothing is due",
    "wagtailcore_login": "leads to the one form to log in",
    "wagtailsettings:preview_on_edit": "settings have no preview of Wagtail's",
    "wall": "nobody wished to be named",
}
#: Addresses that answer 200 where they are asked about a row of another, and why that says nothing.
OPEN = {
    "wagtailadmin_password_reset_confirm": "says that the link is no good",
    "brand_trial": "a stylesheet of the colours that its token itself says",
    "media/(?P<path>.+)": "pictures and films that a page shows are public files, by their name, whatever the host",
}
#: `make soak` asks more at each address.
WHOLE = os.environ.get("WHOLE") == "1"
MOST_WAYS = 6 if WHOLE else 3
#: Who asks at every address a route has: others at some.
THOROUGH = {"owner", "anonymous"}
#: An address that answers so knows what it was asked about: a page, or that it is asked by POST, or more precisely.
ANSWERED = {200, 204, 400, 405}
#: Addresses that are meant to fail, for those who may ask for them.
FAILING = {"wagtailadmin_error_test"}
#: What anyone may ask of the admin, at any host.
FOR_EVERYONE = {"wagtailadmin_login", "wagtailadmin_logout", "account_login", "account_logout", "mfa_authenticate"}


@dataclass
class Walk:
    """How much was asked, and what leaked."""

    routes: set[str] = field(default_factory=set)
    pairs: int = 0
    requests: int = 0
    opened: int = 0
    answered: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        figures = (len(self.routes), self.pairs, self.requests, self.opened, len(self.leaks))
        return "{} routes, {} route and role pairs, {} requests, {} opened, {} leaks".format(*figures)


def unexplained(shut: set[str]) -> list[str]:
    """What SHUT does not explain, and what it explains though it opens."""
    missing = [key for key in shut if not key.startswith(tuple(SHUT))]
    idle = [start for start in SHUT if not any(key.startswith(start) for key in shut)]
    return sorted([*missing, *(f"{start}: it opens" for start in idle)])


def together(walks: list[Walk]) -> Walk:
    """One account of several."""
    whole = Walk()
    for one in walks:
        whole.routes |= one.routes
        whole.answered |= one.answered
        whole.leaks += one.leaks
        whole.pairs, whole.requests = whole.pairs + one.pairs, whole.requests + one.requests
        whole.opened += one.opened
    return whole


@cache
def all_routes() -> list[Route]:
    return walk()


def unfilled(houses: list[Inhabited]) -> list[str]:
    found = []
    for route in all_routes():
        for house in houses:
            try:
                if not ways(route, house):
                    found.append(f"{route.key}: no way to fill it")
            except (Unfilled, LookupError) as missing:
                found.append(str(missing))
    return sorted(set(found))


def look(asker: Asker, ours: Inhabited, theirs: Inhabited, routes: list[Route] | None = None) -> Walk:
    """GET everything at our host: about them, about a row of each, about us with filters that name theirs."""
    seen = Walk()
    for route in _asked_by(asker) if routes is None else routes:
        seen.routes.add(route.key)
        seen.pairs += 1
        for url in _foreign(route, ours, theirs, MOST_WAYS if asker.role in THOROUGH else 1 + WHOLE):
            _judge(seen, route, asker.get(url), about_them=True)
        for url in _own(route, ours, asker):
            answer = asker.get(url)
            _judge(seen, route, answer, about_them=False)
            if answer.status in ANSWERED:
                seen.answered.add(route.key)
                for query in _queries(route, theirs, asker) if answer.status == 200 else []:
                    _judge(seen, route, asker.get(f"{url}?{query}"), about_them=False)
                break
    return seen


def _asked_by(asker: Asker) -> list[Route]:
    """What has a language is the same for everyone but a visitor: others read it in French."""
    return [route for route in all_routes() if asker.user is None or route.language == "fr"]


def _foreign(route: Route, ours: Inhabited, theirs: Inhabited, most: int) -> list[str]:
    """Its addresses about a row of theirs, and about one of theirs and one of ours."""
    if not is_about_a_row(route):
        return []
    return [address(route, one) for one in (*ways(route, theirs)[:most], *ways(route, ours, theirs)[:most])]


def _own(route: Route, ours: Inhabited, asker: Asker) -> list[str]:
    """Its addresses about us, until one opens; owners open most, visitors the rest."""
    several = 12 if asker.role in THOROUGH else 1
    return [address(route, one) for one in ways(route, ours)[:several]]


def _queries(route: Route, theirs: Inhabited, asker: Asker) -> list[str]:
    """What else an address that opened is asked."""
    if asker.user is None or not route.is_admin:
        return []
    queries = queries_of(theirs)
    if asker.role == "owner":
        return queries[:1] if is_about_a_row(route) else queries
    return queries[:1] if WHOLE and not is_about_a_row(route) else []


def _judge(seen: Walk, route: Route, answer: Answer, *, about_them: bool) -> None:
    seen.requests += 1
    seen.opened += answer.status == 200
    if fault := _fault(route, answer, about_them=about_them):
        seen.leaks.append(f"{route.key} {answer.url}: {fault}")


def _fault(route: Route, answer: Answer, *, about_them: bool) -> str:
    if answer.sings:
        return "says the word"
    if answer.status >= 500 and route.key not in FAILING:
        return f"status {answer.status}"
    if about_them and answer.status == 200 and route.key not in OPEN:
        return "opens"
    return ""


def act(
    asker: Asker, ours: Inhabited, theirs: Inhabited, routes: list[Route] | None = None, *, checked: bool = True
) -> Walk:
    """POST everything at our host: to them, to a row of each, to us with a body that names theirs."""
    seen, untouched = Walk(), state_of(theirs)
    for route in _asked_by(asker) if routes is None else routes:
        seen.routes.add(route.key)
        seen.pairs += 1
        for url, about_them in _targets(route, ours, theirs, asker):
            seen.requests += 1
            for fault in harm(asker, url, body_about(theirs), theirs, untouched):
                if about_them or not fault.startswith("status"):  # a form of ours is not made for this body
                    seen.leaks.append(f"{route.key} {url}: {fault}")
    assert not checked or state_of(theirs) == untouched
    return seen


def _targets(route: Route, ours: Inhabited, theirs: Inhabited, asker: Asker) -> list[tuple[str, bool]]:
    """Addresses to post to, and whether they name a row of theirs: more of them for those who may change most."""
    own = [address(route, one) for one in ways(route, ours)[:1]]
    if not is_about_a_row(route):
        return [(f"{url}?{queries_of(theirs)[-1]}", False) for url in own]
    foreign = _foreign(route, ours, theirs, 2 if asker.role in {"editor", "owner"} else 1)
    return [*((url, True) for url in foreign), *((url, False) for url in own)]


def knock(house: Inhabited, elsewhere: Inhabited, role: str) -> Walk:
    """Ask for all of the admin at another's host, with one's own name: one is led to one's own, whatever is asked."""
    seen, asker = Walk(), someone(house, role, host=elsewhere.host)
    own = house.cooperative.root_url + "/admin/"
    for route in all_routes():
        if route.is_admin and route.key not in FOR_EVERYONE:
            seen.routes.add(route.key)
            seen.pairs += 1
            for one in ways(route, elsewhere)[:1]:
                seen.requests += 1
                url = address(route, one)
                answers = [asker.get(url), *([asker.post(url, {})] if role in THOROUGH else [])]
                if any(answer.location != own or answer.writes for answer in answers):
                    seen.leaks.append(f"{route.key} {url}: opens")
    return seen
