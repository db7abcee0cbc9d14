"""The choice of a backer: what is accepted, what is said where, and what is kept."""

import uuid

import pytest
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import Reward, RewardStock
from pledges.forms import ContributionForm, quantity_name
from tests.campaigns.composing import wall
from tests.factories.campaigns import body_of, make_campaign, two_tiers

AMOUNT = "Enter an amount in figures, for example 45 or 45.50."


@pytest.fixture
def tiers(campaign, inside):
    """The bag, without limit, and the box, of which there are ten."""
    return list(Reward.objects.filter(campaign=campaign).order_by("position"))


def posted(campaign, quantities=(), *, final=False, **fields):
    data = QueryDict(mutable=True)
    data.update({"name": "Camille Rivard", "email": "camille@example.com", "language": "en", "attempt": uuid.uuid4()})
    data.update({quantity_name(reward): quantity for reward, quantity in quantities} | fields)
    text = QueryDict(data.urlencode())
    return ContributionForm(campaign, text, final=final)


def leave(reward, left):
    RewardStock.objects.filter(pk=reward.pk).update(held=reward.limit - left)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("45", 4500),
        ("45,50", 4550),
        ("45.50", 4550),
        ("1 250,50 $", 125050),
        ("$1,250.50", 125050),
        ("1\u00a0250", 125000),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_amount_is_read_as_written_in_either_language(campaign, inside, language, typed, cents):
    with translation.override(language):
        form = posted(campaign, extra=typed)
        assert form.is_valid(), form.errors
        assert (form.extra_cents, form.total) == (cents, cents)


@pytest.mark.parametrize("typed", ["abc", "-5", "4,5,5", "45 dollars", "1e3", "45.505"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_amount_that_is_none_is_told_so_at_its_field_and_kept(campaign, inside, language, typed):
    with translation.override(language):
        form = posted(campaign, extra=typed)
        assert form.errors == {"extra": [gettext(AMOUNT)]}
        assert form["extra"].value() == typed


def test_nothing_chosen(campaign, inside):
    with translation.override("en"):
        assert posted(campaign).errors == {"extra": ["Choose a reward or enter an amount."]}


def test_a_total_has_a_least_and_a_most(campaign, tiers):
    with translation.override("en"):
        assert posted(campaign, extra="0.99").errors == {"extra": ["The amount must be at least $1."]}
        assert posted(campaign, extra="1").errors == {}
        assert posted(campaign, extra="10000").errors == {}
        most = "The online amount is at most $10,000. For more, write to bonjour@meule.example."
        assert posted(campaign, extra="10000.01").errors == {"extra": [most]}
        assert posted(campaign, [(tiers[0], 334)]).errors == {"extra": [most]}


def test_tiers_quantities_and_an_amount_add_up(campaign, tiers):
    bag, box = tiers
    form = posted(campaign, [(bag, 2), (box, 1)], extra="10")
    assert form.is_valid(), form.errors
    assert form.total == 2 * 3000 + 6500 + 1000
    assert [(one.reward_id, one.quantity, one.unit_amount) for one in form.as_chosen()] == [
        (bag.pk, 2, 3000),
        (box.pk, 1, 6500),
    ]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (3, "Only 3 are left. Choose another quantity."),
        (1, "Only 1 is left. Choose another quantity."),
        (
            0,
            "The last “The miller's box” has just been taken. Nothing was charged and the rest of your choice is kept.",
        ),
    ],
)
def test_more_than_is_left(campaign, tiers, left, words):
    leave(tiers[1], left)
    with translation.override("en"):
        form = posted(campaign, [(tiers[0], 1), (tiers[1], 4)])
        assert form.errors == {quantity_name(tiers[1]): [words]}
        assert form[quantity_name(tiers[1])].value() == "4"
        assert form[quantity_name(tiers[0])].value() == "1"


def test_what_is_left_can_be_taken_whole(campaign, tiers):
    leave(tiers[1], 4)
    assert posted(campaign, [(tiers[1], 4)]).errors == {}


@pytest.mark.parametrize("quantity", ["-1", "deux", "1.5"])
def test_a_quantity_is_a_count(campaign, tiers, quantity):
    form = posted(campaign, [(tiers[0], quantity)], extra="10")
    assert set(form.errors) == {quantity_name(tiers[0])}


def test_a_retired_tier_is_told_to_whom_had_chosen_it_only(campaign, tiers, everywhere):
    Reward.objects.filter(pk=tiers[0].pk).update(retired_at="2026-11-01T00:00Z")
    assert quantity_name(tiers[0]) not in ContributionForm(campaign).fields
    with translation.override("en"):
        assert posted(campaign, [(tiers[0], 1)]).errors == {quantity_name(tiers[0]): ["No longer offered"]}


@pytest.mark.parametrize("email", ["", "camille", "camille@", "camille@example", "a b@example.com"])
def test_an_email_is_complete(campaign, inside, email):
    with translation.override("en"):
        form = posted(campaign, extra="45", email=email)
        assert form.errors == {"email": ["Enter a complete email address, for example camille@example.com."]}
        assert form["email"].value() == email
        assert form["name"].value() == "Camille Rivard"


def test_a_name_is_asked_for(campaign, inside):
    with translation.override("en"):
        words = "Enter a name of your choice: it is used in your emails and for your rewards."
        assert posted(campaign, extra="45", name=" ").errors == {"name": [words]}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_s_language_is_proposed_and_news_is_not(campaign, inside, language):
    with translation.override(language):
        form = ContributionForm(campaign)
        assert form["language"].value() == language
        assert not form["news"].value()


def test_a_campaign_without_tiers_asks_for_an_amount(shop_without_tiers):
    with translation.override("en"):
        form = ContributionForm(shop_without_tiers)
        assert (form.fields["extra"].label, form.fields["extra"].help_text) == (
            "Amount of your contribution",
            "At least $1. Example: 45 or 45.50",
        )


@pytest.fixture
def shop_without_tiers(cooperative, inside):
    return make_campaign(cooperative, tiers=[])


def test_the_same_form_is_one_pledge_and_another_choice_another(campaign, tiers):
    key = uuid.uuid4()

    def keyed(**fields):
        form = posted(campaign, [(tiers[0], 1)], **{"attempt": key} | fields)
        assert form.is_valid(), form.errors
        return form.pledge_key

    assert keyed() == keyed()
    assert len({keyed(), keyed(extra="5"), keyed(email="autre@example.com"), keyed(attempt=uuid.uuid4())}) == 4


def test_an_attempt_that_is_none_of_ours_is_replaced(campaign, inside):
    form = posted(campaign, extra="45", attempt="robert'); DROP TABLE")
    assert form.is_valid()
    assert form.cleaned_data["attempt"].version == 4


def test_a_via_of_ours_is_kept_and_a_longer_one_dropped(campaign, inside):
    short, long = posted(campaign, extra="45", via="x" * 60), posted(campaign, extra="45", via="x" * 61)
    assert short.is_valid() and long.is_valid()
    assert (short.cleaned_data["via"], long.cleaned_data["via"]) == ("x" * 60, "")


def test_a_price_that_changed_is_told(campaign, tiers):
    seen = {f"price_{tiers[0].pk}": "2500"}
    with translation.override("en"):
        form = posted(campaign, [(tiers[0], 1)], **seen)
        assert form.is_valid()
        assert form.price_notices == [
            "The amount of “The bag of flour” has changed since you opened this page: $30. Please check your choice."
        ]
    assert posted(campaign, [(tiers[1], 1)], **seen).is_valid()


def test_problems_follow_the_page_and_point_at_their_fields(campaign, tiers):
    leave(tiers[1], 1)
    form = posted(campaign, [(tiers[1], 2)], email="x", name="")
    assert [problem.anchor for problem in form.problems()] == [
        f"id_{quantity_name(tiers[1])}",
        "id_name",
        "id_email",
    ]


def test_the_form_asks_as_many_queries_for_three_tiers_as_for_one(cooperative, inside, django_assert_num_queries):
    from tests.factories.campaigns import tier

    for count in (1, 3):
        campaign = make_campaign(cooperative, title=f"{count}", tiers=[tier(f"t{n}") for n in range(count)])
        with django_assert_num_queries(4):
            assert len(list(ContributionForm(campaign).tiers())) == count


@pytest.fixture
def thanked(cooperative, inside):
    """A campaign whose page has a wall of thanks."""
    return make_campaign(cooperative, title="Le mur", body=body_of(two_tiers(), extra=[wall()]))


def test_the_wall_is_asked_about_only_where_there_is_one(campaign, inside, thanked):
    assert "wall" not in posted(campaign, extra="5").fields
    field = posted(thanked, extra="5")["wall"]
    assert [radio.data["attrs"].get("checked", False) for radio in ContributionForm(thanked)["wall"]] == [
        False,
        False,
        True,
    ]
    with translation.override("fr"):
        assert [str(label) for _value, label in field.field.choices] == [
            "Mon nom et mon montant",
            "Mon nom seulement",
            "Ni l’un ni l’autre",
        ]


@pytest.mark.parametrize("typed", ["amount", "name", "neither", ""])
def test_what_is_chosen_for_the_wall_is_kept_for_the_review_page(thanked, typed):
    form = posted(thanked, extra="5", **({"wall": typed} if typed else {}))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["wall"] == (typed or "neither")
    assert dict(form.kept()).get("wall", "") == typed


def test_a_choice_that_is_none_is_told_so(thanked):
    form = posted(thanked, extra="5", wall="everything")
    assert list(form.errors) == ["wall"]
    assert [problem.anchor for problem in form.problems()] == ["id_wall_0"]


def test_another_choice_for_the_wall_is_another_attempt(thanked):
    attempt = uuid.uuid4()
    keys = []
    for choice in ("name", "amount", "neither", ""):
        form = posted(thanked, extra="5", attempt=attempt, wall=choice)
        assert form.is_valid()
        keys.append(form.pledge_key)
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]
