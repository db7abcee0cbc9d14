"""Any story of marking, files, pick-ups and confirmations: states move as STEPS says, mails leave once a move."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home import clock
from home.models import OutgoingMail
from pledges import fulfilment, fulfilment_csv
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.fulfilment import STEPS, today_in
from pledges.models import Payment, Pledge, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")

TELLS = {state: step.mail for state, step in STEPS.items() if step.mail}
WHICH = st.lists(st.integers(0, 3), min_size=1, max_size=5)

ACTS = st.one_of(
    st.tuples(st.just("mark"), WHICH, st.sampled_from(list(STEPS)), st.sampled_from([0, 0, 1, 40])),
    st.tuples(st.just("file"), WHICH, st.sampled_from(list(STEPS)), st.sampled_from([0, 0, 1, 40])),
    st.tuples(st.just("undo"), WHICH, st.sampled_from(list(FulfilmentState)), st.just(0)),
    st.tuples(st.just("receive"), WHICH, st.just(FulfilmentState.DELIVERED), st.just(0)),
)


@pytest.fixture
def pledges(cooperative):
    """Of each way to hand over, one; and one whose payment did not come."""
    campaign = make_campaign(
        cooperative,
        tiers=[tier("A", 3000), tier("B", 2000, handover="pickup"), tier("C", 500, handover="nothing")],
    )
    rewards = list(campaign.rewards.order_by("position"))
    made = [make_pledge(campaign, rewards=[(reward, 1)]) for reward in rewards]
    return [*made, make_pledge(campaign, rewards=[(rewards[0], 1)], payment_state=PaymentState.MEND)]


def rows(pledges):
    items = PledgeItem.objects.filter(pledge__in=pledges).order_by("pk")
    return {item.pk: item for item in items}


def act(kind, ids, state, days, cooperative):
    day = today_in(cooperative) - timedelta(days=days) if days else None
    if kind == "mark":
        fulfilment.mark(ids, state, by=None, at=fulfilment.instant_of(day, cooperative))
    elif kind == "file":
        text = "item,state,date\n" + "".join(f"{pk},{state.value},{day or ''}\n" for pk in ids)
        lines = fulfilment_csv.read(
            text.replace("item", "Reward number").replace("state", "State").replace("date", "Date")
        )
        for _again in range(2):
            fulfilment_csv.carry_out(fulfilment_csv.plan(lines, cooperative), cooperative, by=None)
    elif kind == "undo":
        fulfilment.undo_handover(PledgeItem.objects.get(pk=ids[0]), state, by=None)
    else:
        fulfilment.receive(PledgeItem.objects.get(pk=ids[0]))


def is_allowed(kind, was, now):
    if kind == "undo":
        return was.state == FulfilmentState.DELIVERED and now.state in STEPS[FulfilmentState.DELIVERED].earlier
    step = STEPS[now.state]
    return was.state in step.earlier and was.handover in step.handovers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(ACTS, max_size=12))
def test_states_move_as_the_steps_say_and_each_move_is_told_once(story, pledges, cooperative):
    PledgeItem.objects.filter(pledge__in=pledges).exclude(handover="nothing").update(
        state=FulfilmentState.NOT_STARTED, state_since=None, left_at=None, received_at=None
    )
    OutgoingMail.objects.all().delete()
    moves, known = Counter(), sorted(rows(pledges))
    for kind, which, state, days in story:
        before = rows(pledges)
        act(kind, [known[one] for one in which], state, days, cooperative)
        for pk, now in rows(pledges).items():
            was = before[pk]
            if now.state == was.state:
                assert (now.state_since, now.left_at) == (was.state_since, was.left_at)
                continue
            assert is_allowed(kind, was, now), (kind, was.state, now.state)
            assert now.handover != "nothing" and now.pledge_id != pledges[3].pk
            moves[(pk, TELLS.get(now.state, ""))] += kind != "undo"
            if was.state_since and kind != "undo":
                assert now.state_since >= was.state_since - timedelta(days=1)
            if was.left_at and kind != "undo":
                assert now.left_at == was.left_at, "the first is kept"
            assert (now.left_at is not None) or now.state not in fulfilment.LEAVES
    told = Counter((int(mail.subject_key.partition(":")[2]), mail.kind) for mail in OutgoingMail.objects.all())
    assert told == Counter({key: count for key, count in moves.items() if key[1] and count})


def test_what_is_no_longer_paid_for_moves_no_more(pledges):
    item = pledges[0].items.get()
    Pledge.objects.filter(pk=pledges[0].pk).update(state=PledgeState.CANCELLED)
    assert fulfilment.mark([item.pk], FulfilmentState.SENT, by=None) == 0
    Payment.objects.filter(pledge=pledges[1]).update(state=PaymentState.BOUNCED)
    assert fulfilment.mark([pledges[1].items.get().pk], FulfilmentState.READY, by=None) == 0
    assert not fulfilment.receive(item)
    assert clock.now()
