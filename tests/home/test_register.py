"""The register says everything: of each column, in both languages, and the page that visitors read is made from it."""

import ast
import re
from html import unescape

import pytest
from django.core.management import call_command
from django.db import models
from django.utils import translation

from campaigns import following
from config import ROOT
from home.cooperatives.legal_texts import PLACE, house_words
from home.languages import LANGUAGES
from home.privacy import register, retention
from home.privacy.checks import every_column_stands_in_the_register
from pledges import consent_texts, resuming
from sandbox import typography


def test_every_column_of_every_model_stands_there():
    assert every_column_stands_in_the_register(None) == []


def test_a_new_column_and_a_new_model_are_found(monkeypatch):
    said = register._said("pledges")
    without = said["models"] | {"pledges.DeliveryAddress": said["models"]["pledges.DeliveryAddress"] | {"address": ""}}
    monkeypatch.setattr(
        register, "_said", lambda room: said | {"models": without} if room == "pledges" else {"models": {}}
    )
    faults = list(register._of_models())
    assert any("pledges.DeliveryAddress.recipient is not in the register" in one for one in faults)
    assert any(one.startswith("home.Backer does not stand in home/held.toml") for one in faults)


def test_each_rule_of_retention_is_that_of_something_held():
    kept = {group.kept for group in register.groups()}
    beside = {"pledges.references", "pledges.notes", "pledges.followers", "pledges.unfinished"}
    assert {one.key for one in retention.rules()} - kept == beside


def test_texts_of_backers_are_never_said_to_hold_nothing():
    """Columns of a backer's own rows that hold free text are in a group, whatever someone wrote into the file."""
    own = ("pledges.Pledge", "pledges.DeliveryAddress", "pledges.Problem", "pledges.RefundRequest", "home.Backer")
    for label in own:
        room = label.partition(".")[0]
        nothing = register._said(room)["models"][label].get("nothing", "").split()
        model = register._models()[label]
        texts = {field.name for field in model._meta.local_concrete_fields if isinstance(field, models.TextField)}
        assert not texts & set(nothing)


def test_the_page_for_operators_is_up_to_date(capsys):
    call_command("privacy_register")
    assert capsys.readouterr().out.rstrip("\n") == (ROOT / "docs" / "privacy.md").read_text().rstrip("\n")


@pytest.mark.parametrize("group", register.groups(), ids=lambda group: group.name)
def test_french_says_as_much_as_english(group):
    french, english = (f"{group.what[code]} {group.why[code]}" for code in ("fr", "en"))
    assert len(french) >= 0.75 * len(english)
    assert typography.french_faults(french, set()) == []


@pytest.mark.parametrize("key", list(house_words()))
def test_every_legal_text_is_as_whole_in_french_as_in_english(key):
    words = house_words()[key]
    french, english = words["fr"]["html"], words["en"]["html"]
    assert set(words) == set(LANGUAGES)
    for mark in ("<h2>", "<li>", "<p>"):
        assert french.count(mark) >= english.count(mark)
    assert set(PLACE.findall(french)) >= set(PLACE.findall(english))
    assert len(french) >= 0.75 * len(english)


def test_what_is_agreed_to_is_as_whole_in_french_as_in_english():
    texts = [
        value for name, value in vars(consent_texts).items() if name.isupper() and not isinstance(value, str | int)
    ]
    assert len(texts) > 10
    for text in [*texts, following.CONSENT, resuming.CONSENT]:
        said = {}
        for code in LANGUAGES:
            with translation.override(code):
                said[code] = str(text)
        assert said["fr"] != said["en"]
        places = {code: sorted(re.findall(r"%\((\w+)\)s", words)) for code, words in said.items()}
        assert set(places["fr"]) >= set(places["en"])
        assert len(said["fr"]) >= 0.75 * len(said["en"])


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "path"), [("fr", "/fr/ce-que-nous-gardons/"), ("en", "/en/what-is-kept/")])
def test_visitors_read_it_at_their_cooperative_s_host(
    cooperative, on_host, language, path, django_assert_max_num_queries
):
    visitor = on_host(cooperative)
    visitor.get(path)
    with django_assert_max_num_queries(10):
        page = visitor.get(path).content.decode()
    assert cooperative.privacy_officer in page
    assert all(group.what[language] in unescape(page) for group in register.groups())
    assert f'href="{path}"' in visitor.get(f"/{language}/").content.decode()


def test_the_platform_s_host_has_none(client, db, cooperative):
    client.defaults["HTTP_HOST"] = "tremplin.localhost"
    assert client.get("/fr/ce-que-nous-gardons/").status_code == 404


def test_each_yes_and_each_no_says_where():
    """The form of a contribution is what a yes is of unless it says otherwise."""
    calls = [
        (path.name, node.func.attr, node)
        for room in register.OURS
        for path in (ROOT / room).rglob("*.py")
        if "_news(" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    given = {
        name: any(one.arg == "place" for one in node.keywords) for name, call, node in calls if call == "grant_news"
    }
    taken = [len(node.args) for _name, call, node in calls if call == "withdraw_news"]
    assert given == {"choosing.py": False} | dict.fromkeys(
        ["contribution.py", "following.py", "resuming.py", "subscribing.py"], True
    )
    assert taken == [3, 3, 3]
