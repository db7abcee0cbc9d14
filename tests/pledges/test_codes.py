"""What came through which code, and the codes of backers."""

import re

import pytest

from campaigns import ambassadors
from campaigns.models import Ambassador
from home.tenancy import within
from pledges.codes import Tally, report_of
from pledges.enums import PledgeState
from pledges.links import share_code
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge


def report(campaign):
    with within(campaign.cooperative):
        found = report_of(campaign)
    return {one.name: tally for one, tally in found.ambassadors}, found.backers, dict(found.others)


def named(campaign, name, code):
    with within(campaign.cooperative):
        return ambassadors.add(campaign, name=name, code=code, by=None)


def test_confirmed_contributions_count_for_exactly_the_code_they_came_with(campaign):
    named(campaign, "Boulangerie", "boulangerie")
    named(campaign, "Personne", "personne")
    make_pledge(campaign, via="boulangerie")
    make_pledge(campaign, via="boulangerie", extra=500, paid=False)
    make_pledge(campaign, via="Boulangerie")
    make_pledge(campaign, via="boulangerie-2")
    make_pledge(campaign)
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        make_pledge(campaign, via="boulangerie", state=state)
    ambassadors_found, backers, others = report(campaign)
    assert ambassadors_found == {"Boulangerie": Tally(2, 6_500), "Personne": Tally()}
    assert backers == Tally()
    assert others == {"Boulangerie": Tally(1, 3_000), "boulangerie-2": Tally(1, 3_000)}


def test_the_same_code_in_two_cooperatives_and_two_campaigns_is_counted_apart(campaign, cooperative, outsider):
    second, theirs = make_campaign(cooperative, title="L’autre"), make_campaign(outsider, title="La leur")
    for one, amount in ((campaign, 100), (second, 200), (theirs, 300)):
        named(one, "Boulangerie", "boulangerie")
        make_pledge(one, rewards=[], extra=amount, via="boulangerie")
    assert [report(one)[0] for one in (campaign, second, theirs)] == [
        {"Boulangerie": Tally(1, 100)},
        {"Boulangerie": Tally(1, 200)},
        {"Boulangerie": Tally(1, 300)},
    ]


def test_what_backers_pass_on_is_counted_together(campaign):
    sharers = [make_pledge(campaign), make_pledge(campaign)]
    for sharer in sharers:
        make_pledge(campaign, via=share_code(sharer))
    assert report(campaign)[1:] == (Tally(2, 6_000), {})


def test_a_backer_s_code_is_always_the_same_and_nobody_else_s(campaign, outsider):
    pledges = [make_pledge(campaign), make_pledge(campaign), make_pledge(make_campaign(outsider))]
    codes = [share_code(pledge) for pledge in pledges]
    assert codes == [share_code(pledge) for pledge in pledges]
    assert len(set(codes)) == 3
    assert all(re.fullmatch(r"c-[a-z2-7]{8}", code) for code in codes)
    assert not any(str(pledge.pk) == code[2:] for pledge, code in zip(pledges, codes, strict=True))


def test_two_who_take_a_code_at_once(campaign):
    named(campaign, "Une", "boulangerie")
    with within(campaign.cooperative):
        with pytest.raises(ambassadors.CodeTaken):
            ambassadors.add(campaign, name="Deux", code="boulangerie", by=None)
        assert [one.name for one in Ambassador.objects.all()] == ["Une"]
