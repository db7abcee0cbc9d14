"""Every address of the product and of Wagtail, as everyone of one cooperative: nothing of another is said or moved."""

import pytest
from django.urls import reverse

from tests.canary import walking
from tests.canary.asking import ROLES, someone

pytestmark = pytest.mark.long

#: Pairs of a route and a role, below which a walk would mean little.
ENOUGH = 300


@pytest.fixture(autouse=True)
def nobody_outside(settings):
    """What would be asked of Stripe is refused at once."""
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"


def test_every_route_can_be_filled(ours, theirs):
    assert walking.unfilled([ours, theirs]) == []


def test_no_answer_at_our_host_says_their_word(ours, theirs):
    """And what is filled in is good: an address that opens to nobody of ours is named in SHUT, with its reason."""
    walks = {role: walking.look(someone(ours, role), ours, theirs) for role in ROLES}
    whole = walking.together(list(walks.values()))
    print(whole, {role: walk.opened for role, walk in walks.items()})
    assert whole.leaks == []
    assert whole.pairs >= ENOUGH
    unexplained = walking.unexplained(whole.routes - whole.answered)
    assert unexplained == [], (
        f"Nobody of ours gets an answer there: fill it in better, or say why in SHUT: {unexplained}"
    )
    assert min(walk.opened for walk in walks.values()) > ENOUGH / 4, "Someone is kept out of everything: log_in."


def test_nothing_of_theirs_moves(ours, theirs):
    whole = walking.together([walking.act(someone(ours, role), ours, theirs) for role in ROLES])
    print(whole)
    assert whole.leaks == []
    assert whole.pairs >= ENOUGH


def test_at_their_host_one_is_led_to_one_s_own(ours, theirs):
    whole = walking.together([walking.knock(ours, theirs, role) for role in ROLES[1:]])
    print(whole)
    assert whole.leaks == []
    assert whole.pairs >= ENOUGH
    leaving = someone(ours, "editor", host=theirs.host).post(reverse("wagtailadmin_logout"), {})
    assert leaving.location == reverse("wagtailadmin_login")
