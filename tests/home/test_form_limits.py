"""Each form of the public is held to a limit; over it, one is told how long to wait, and nothing typed is lost."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import translation

from campaigns.models import CampaignPage
from config import ROOT
from home import clock, form_limits
from home.attempts import Limit
from home.form_limits import KEYS, WISHES

ADDRESS = "203.0.113.5"


@pytest.fixture(autouse=True)
def at_the_beginning_of_a_span(monkeypatch):
    now = clock.now().replace(minute=0, second=30, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: now)
    return lambda **later: monkeypatch.setattr(clock, "now", lambda: now + timedelta(**later))


@pytest.fixture
def visitor(on_host, campaign):
    client = on_host(campaign.cooperative)
    client.defaults |= {"REMOTE_ADDR": ADDRESS, "HTTP_ACCEPT_LANGUAGE": "en"}
    return client


def lost_link(client, email, language="en"):
    with translation.override(language):
        return client.post(reverse("contribution_link"), {"email": email})


def test_over_the_limit_one_is_told_how_long_and_what_was_typed_is_kept(visitor, at_the_beginning_of_a_span):
    answers = [lost_link(visitor, "a@x.example") for _ in range(WISHES.for_one + 1)]
    assert {one.status_code for one in answers[:-1]} == {303}
    page = answers[-1]
    assert (page.status_code, page["Retry-After"]) == (429, "600")
    assert "no-store" in page["Cache-Control"]
    text = html.unescape(page.content.decode())
    assert "Try again in 10 minutes." in text
    assert 'name="email" value="a@x.example"' in text
    french = lost_link(visitor, "a@x.example", "fr")
    assert "Il y a eu beaucoup d’essais. Réessayez dans 10 minutes." in french.content.decode()
    at_the_beginning_of_a_span(minutes=10)
    again = visitor.post(re.search(r'<form class="form" action="([^"]+)"', text)[1], {"email": "a@x.example"})
    assert again.status_code == 303


def test_one_network_is_counted_whatever_it_tries(visitor):
    with translation.override("en"):
        addresses = [reverse("email_confirm", args=[f"x{n}"]) for n in range(KEYS.most + 1)]
    assert [visitor.post(address).status_code for address in addresses] == [410] * KEYS.most + [429]
    visitor.defaults["REMOTE_ADDR"] = "203.0.113.6"
    assert visitor.post(addresses[0]).status_code == 410


def test_one_address_is_counted_from_whatever_network(visitor):
    answers = []
    for n in range(WISHES.for_one + 1):
        visitor.defaults["REMOTE_ADDR"] = f"198.51.100.{n}"
        answers.append(lost_link(visitor, " A@X.example" if n % 2 else "a@x.example").status_code)
    assert answers == [303] * WISHES.for_one + [429]
    assert lost_link(visitor, "b@x.example").status_code == 303


def test_neither_passwords_nor_tokens_stand_in_the_page_to_wait(rf):
    request = rf.post("/here/?a=b", {"csrfmiddlewaretoken": "s", "new_password1": "s", "name": "<b>", "tier": [1, 2]})
    request.META["REMOTE_ADDR"] = ADDRESS
    none = Limit("none", most=0, within=timedelta(minutes=10))
    page = form_limits.limited(none)(lambda request: None)(request)
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    assert [one for one in kept if one[0] != "csrfmiddlewaretoken"] == [
        ("name", "&lt;b&gt;"),
        ("tier", "1"),
        ("tier", "2"),
    ]
    assert ("csrfmiddlewaretoken", "s") not in kept


def test_reading_is_never_counted(visitor):
    with translation.override("en"):
        address = reverse("contribution_link")
    assert {visitor.get(address).status_code for _ in range(WISHES.for_one + 5)} == {200}


def test_a_mail_provider_that_posts_for_many_readers_is_not_held_back(on_host, campaign):
    """One-click unsubscribing comes from a few networks of Google's and Microsoft's, thousands in a minute."""
    client = on_host(campaign.cooperative)
    client.defaults["REMOTE_ADDR"] = ADDRESS
    with translation.override("en"):
        address = reverse("unsubscribe", args=["x"])
    assert {client.post(address).status_code for _ in range(KEYS.most + 5)} == {410}


# Which views take a POST, and what they say of it.


def _chain(view):
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)


def methods_of(view):
    """What `require_http_methods` was told, or what a class has; None: whatever comes."""
    for one in _chain(view):
        names = getattr(getattr(one, "__code__", None), "co_freevars", ())
        held = dict(zip(names, [cell.cell_contents for cell in one.__closure__ or ()], strict=True)) if names else {}
        if "request_method_list" in held:
            return {method.upper() for method in held["request_method_list"]}
        if (kind := getattr(one, "view_class", None)) is not None:
            return {name.upper() for name in kind.http_method_names if hasattr(kind, name)}
    return None


def routes(urlconf):
    """Address and view of each, without those that an earlier one of the same address hides."""
    seen = set()

    def walk(patterns, prefix):
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, prefix + str(one.pattern))
            elif (here := (prefix + str(one.pattern)).replace("^", "")) not in seen:
                seen.add(here)
                yield here, one

    with translation.override("en"):
        return list(walk(get_resolver(urlconf).url_patterns, ""))


def asks_who_it_is(pattern):
    """Whether a view of the admin answers nothing before someone has logged in."""
    request = RequestFactory().post("/")
    request.user, request.session, request._dont_enforce_csrf_checks = AnonymousUser(), SessionStore(), True
    try:
        answer = pattern.callback(request, **dict.fromkeys(pattern.pattern.regex.groupindex, "1"))
    except PermissionDenied:
        return True
    except (Http404, Exception):  # it went to work
        return False
    return answer.status_code == 302 and "/login/" in answer["Location"]


#: Pages say themselves what they take: the next test.
BY_PAGES = {"wagtail_serve"}
#: The words and the drawings of Wagtail's admin: the same for everyone.
SAME_FOR_ALL = {"wagtailadmin_sprite", "wagtailadmin_javascript_catalog"}


@pytest.mark.parametrize("urlconf", ["config.urls", "config.platform_urls"])
def test_each_public_view_that_takes_a_post_has_a_limit(urlconf):
    public = [
        (address, one)
        for address, one in routes(urlconf)
        if not (methods_of(one.callback) is not None and "POST" not in methods_of(one.callback))
        and not (address.startswith("admin/") and asks_who_it_is(one))
    ]
    without = [
        address
        for address, one in public
        if not hasattr(one.callback, "limited_by") and one.name not in BY_PAGES | SAME_FOR_ALL
    ]
    assert without == [], "Say @limited(…) or @limits_itself(…), or that it takes no POST: home/form_limits.py"
    if urlconf == "config.urls":
        assert len(public) > 40  # the walk found them


@pytest.mark.django_db
def test_pages_take_no_post(on_host, campaign):
    client = on_host(campaign.cooperative)
    own = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    for page in (own, campaign.cooperative.site.root_page.specific):
        assert client.post(page.get_url()).status_code == 405


@pytest.mark.django_db
def test_there_is_one_way_to_log_in(on_host, campaign):
    """Wagtail's form for pages behind a log-in would ask for neither a second factor nor patience."""
    client = on_host(campaign.cooperative)
    with translation.override("en"):
        answer = client.get(reverse("wagtailcore_login") + "?next=/en/")
        assert client.post(reverse("wagtailcore_login")).status_code == 405
    assert answer["Location"] == reverse("account_login") + "?next=%2Fen%2F"


def test_the_limits_stand_in_the_documents():
    text = (ROOT / "docs" / "security.md").read_text()
    for limit in (one for one in vars(form_limits).values() if isinstance(one, Limit)):
        row = re.search(rf"\| {limit.name} \|.*\| (\d+) \| (\d+|–) \|", text)
        assert row, limit.name
        assert row.groups() == (str(limit.most), str(limit.for_one or "–")), limit.name
