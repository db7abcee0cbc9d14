"""« Ma journée » as each role finds it: what is theirs, most pressing first, and nothing of another cooperative."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home import day_lines
from home.models import Cooperative, Role
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.factories.reviews import member
from tests.home.translation.test_standings import make_page
from tests.updates.busy import make_busy, make_in_review


def visit(cooperative, role, language="en"):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(member(cooperative, role))
    return client


def day_of(cooperative, role, language="en"):
    """(group, sentence, where it leads) of every line, in page order."""
    html = visit(cooperative, role, language).get(reverse("wagtailadmin_home")).content.decode()
    panel = html.split('id="my-day-section"')[1].split("</section>")[0]
    lines = re.findall(
        r'my-day__line--(\w+)"><span[^>]*>(.*?)</span>(?: <a class="my-day__act" href="([^"]*)")?', panel
    )
    return [(group, unescape(sentence).replace("\xa0", " "), unescape(url)) for group, sentence, url in lines]


def subjects(lines):
    return [next((key for key, words in SUBJECTS.items() if words in sentence), sentence) for _, sentence, _ in lines]


SUBJECTS = {
    "paused": "is paused",
    "news": "news was promised by",
    "late": "which is over",
    "question": "readers",
    "reader": "reader’s question",
    "review": "of the review",
    "to read": "waiting to be read",
    "answers": "answer to read",
    "mend": "waiting for its backer",
    "refund": "refund to decide",
    "second": "for a second person",
    "problem": "problem reported",
    "address": "to be corrected",
    "few": "2 left",
    "month": "promised for",
    "draft": "A draft awaits you",
    "language": "· ",
    "sender": "not verified yet",
}

TEAM = {"paused", "news", "late", "reader", "review", "mend", "problem", "address", "few", "month", "draft", "language"}
THEIRS = {
    Role.EDITOR: TEAM | {"sender"},
    Role.ADVISER: {"news", "late", "to read", "answers", "month"},
    Role.TREASURER: {"mend", "refund", "second"},
    Role.OWNER: TEAM | {"sender", "refund", "second"},
}


def test_each_role_finds_what_is_theirs_and_a_way_to_it(cooperative, outsider):
    make_busy(cooperative)
    make_page(cooperative)
    make_busy(outsider, "Secret")
    order = ["first", "late", "waiting", "near", "calm"]
    for role, expected in THEIRS.items():
        lines = day_of(cooperative, role)
        assert set(subjects(lines)) == expected, role
        assert [group for group, _, _ in lines] == sorted((group for group, _, _ in lines), key=order.index)
        untold = [sentence for _, sentence, url in lines if not url]
        assert untold == (["1 payment is waiting for its backer."] if role == Role.EDITOR else [])
        assert not [sentence for _, sentence, _ in lines if "still a draft" in sentence]  # online in no language
        assert not [sentence for _, sentence, _ in lines if "Fuite" in sentence or "Secret" in sentence]
    for role in (Role.ADVISER, Role.TREASURER):
        client = visit(cooperative, role)
        assert {client.get(url).status_code for _, _, url in day_of(cooperative, role)} == {200}
    assert day_of(cooperative, Role.EDITOR, "fr")[0][1].startswith("L’envoi de « Un retard » est suspendu")


def test_a_calm_day_is_said_in_a_sentence(cooperative):
    Cooperative.objects.update(sender_verified_at=cooperative.created_at)
    said = {"en": "Nothing is waiting for you today.", "fr": "Rien ne vous attend aujourd’hui."}
    for language, words in said.items():
        html = visit(cooperative, Role.TREASURER, language).get(reverse("wagtailadmin_home")).content.decode()
        assert words in html
    assert '"label": "Ma journ' in html


def test_payments_that_stop_stand_first_for_everyone(cooperative, campaign):
    Cooperative.objects.filter(pk=cooperative.pk).update(disconnected_at=cooperative.created_at)
    for role in Role:
        assert day_of(cooperative, role)[0][:2] == ("first", "Payments are paused: no contribution can be made.")


def test_more_of_the_same_is_one_line(cooperative):
    for number in range(6):
        make_page(cooperative, f"Page {number}")
    lines = [line for line in day_of(cooperative, Role.EDITOR) if "Page" in line[1] or "more" in line[1]]
    assert [line[1] for line in lines][-1] == "2 more of the same"
    assert (len(lines), lines[-1][2]) == (5, reverse("home_translations"))


def queries_of(cooperative, role):
    client = visit(cooperative, role)
    client.get(reverse("wagtailadmin_home"))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("wagtailadmin_home")).status_code == 200
    return len(captured)


def test_it_costs_the_same_for_one_campaign_and_three(cooperative):
    make_busy(cooperative)
    make_user(cooperative, Role.OWNER, "both@meule.example")
    before = [queries_of(cooperative, role) for role in (Role.OWNER, Role.ADVISER)]
    for number in range(2):
        make_in_review(cooperative, f"Dossier {number}")
        other = make_campaign(cooperative, title=f"Autre {number}")
        with within(cooperative):
            make_pledge(other, rewards=[(other.rewards.order_by("position").last(), 8)])
    assert [queries_of(cooperative, role) for role in (Role.OWNER, Role.ADVISER)] == before


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_a_dossier_is_not_everyone_s(cooperative, role):
    page = make_in_review(cooperative)
    url = reverse("campaigns_dossier", args=[page.pk])
    assert (url in {line[2] for line in day_of(cooperative, role)}) == (role == Role.ADVISER)


def test_a_day_without_a_campaign_leads_those_who_write_to_the_list(cooperative):
    way = f'<a href="{reverse("campaigns_index")}">See the campaigns</a>'
    led = {role for role in Role if way in visit(cooperative, role).get(reverse("wagtailadmin_home")).content.decode()}
    assert led == {Role.EDITOR, Role.OWNER}


def test_a_rehearsal_asks_for_no_sending_address(cooperative, outsider):
    told = [line[1] for line in day_of(outsider, Role.EDITOR)]
    assert [words for words in told if "is not verified yet" in words]
    request = RequestFactory().get("/admin/")
    request.cooperative = Cooperative(rehearses=cooperative, sender_email="essai@meule.example")
    assert list(day_lines.sender(request)) == []
