"""A budget that does not add up, and stretch goals that do not rise, are refused when the page is to be public."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import CampaignPage
from home.tenancy import within
from tests.campaigns.composing import budget, next_goals
from tests.campaigns.editing import fields_of
from tests.factories.campaigns import body_of, make_campaign_page, tier, two_tiers
from tests.factories.cooperatives import make_user


def form_of(cooperative, *blocks, goal=100_000, draft=False, tiers=None):
    """The editor's form of a page not yet published, as it is posted."""
    with within(cooperative):
        page = make_campaign_page(cooperative, publish=False)
        page.goal, page.body = (
            goal,
            CampaignPage._meta.get_field("body").to_python(
                body_of(two_tiers() if tiers is None else tiers, extra=blocks)
            ),
        )
        form_class = CampaignPage.get_edit_handler().get_form_class()
        form = form_class(
            fields_of(page), instance=page, parent_page=page.get_parent(), for_user=make_user(cooperative)
        )
        if draft:
            form.defer_required_fields()
        with translation.override("en"):
            form.is_valid()
        return form


def messages(error):
    """The messages of a StreamField's errors, each with the path to its field."""
    found = {}

    def walk(one, path):
        for key, inner in (getattr(one, "block_errors", None) or {}).items():
            walk(inner, (*path, key))
        for message in getattr(getattr(one, "non_block_errors", None), "data", []):
            found[path] = message.messages[0]
        if not hasattr(one, "block_errors"):
            found[path] = (one.as_data()[0] if hasattr(one, "as_data") else one).messages[0]

    walk(error, ())
    return found


def body_messages(form):
    return messages(form.errors.as_data()["body"][0]) if "body" in form.errors else {}


THREE = [("Meule", 70_000, "production"), ("Envois", 20_000, "postage"), ("Frais", 10_000, "fees")]


@pytest.mark.parametrize(
    ("lines", "sources"),
    [
        (THREE, []),
        ([*THREE, ("Toit", 25_050, "")], [("Prêt", 25_050, True)]),
        ([("Tout", 100_000, "")], []),
    ],
)
def test_a_budget_that_adds_up_is_accepted(cooperative, lines, sources):
    assert body_messages(form_of(cooperative, budget(lines, sources))) == {}


@pytest.mark.parametrize(
    ("lines", "sources", "message"),
    [
        (
            [*THREE, ("Toit", 50_050, "")],
            [],
            "The lines come to $1,500.50, the goal and the other sources to $1,000: $500.50 is missing. "
            "Raise the goal, add a source or lower a line.",
        ),
        (
            THREE,
            [("Prêt", 20_000, True), ("Parts", 1, False)],
            "The lines come to $1,000, the goal and the other sources to $1,200.01: $200.01 has no line. "
            "Add the line, or lower the goal.",
        ),
        (
            [],
            [],
            "The lines come to $0, the goal and the other sources to $1,000: $1,000 has no line. "
            "Add the line, or lower the goal.",
        ),
    ],
)
def test_a_budget_that_does_not_add_up_says_by_how_much_at_its_lines(cooperative, lines, sources, message):
    form = form_of(cooperative, budget(lines, sources))
    assert body_messages(form) == {(2, "lines"): message}


def test_a_draft_may_be_saved_while_it_is_worked_out(cooperative):
    assert form_of(cooperative, budget([("Meule", 1, "")]), next_goals((500, "Un four")), draft=True).is_valid()


def test_stretch_goals_rise_from_the_goal_on(cooperative):
    form = form_of(cooperative, next_goals((100_000, "Un four"), (150_000, "Deux"), (150_000, "Trois"), (160_000, "Q")))
    assert body_messages(form) == {
        (2, 0, "amount"): "Choose more than the goal: $1,000.",
        (2, 2, "amount"): "Choose more than the stretch goal before it: $1,500.",
    }


def test_stretch_goals_that_rise_are_accepted(cooperative):
    assert body_messages(form_of(cooperative, next_goals((100_001, "Un four"), (150_000, "Deux")))) == {}


def test_every_error_of_the_page_is_told_at_once(cooperative):
    form = form_of(
        cooperative, budget([("Meule", 1, "")]), next_goals((1_000, "Un four")), tiers=[tier("Sac"), tier("sac")]
    )
    assert sorted(path for path in body_messages(form)) == [(2, "lines"), (3, 0, "amount"), (4, 1, "title")]


def test_the_message_is_in_the_editors_language(cooperative):
    with translation.override("fr"):
        words = gettext("Choose more than the goal: %(before)s.")
    assert words == "Indiquez plus que l’objectif\u00a0: %(before)s."
