"""The promise board: months, changes, shares, news and the cooperative's word, in both languages."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine

from home import clock
from home.tenancy import within
from pledges.delivery_figures import FEWEST
from pledges.enums import FulfilmentState, RequestState
from pledges.models import RefundRequest
from tests.campaigns.test_queries import path_of
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import NEXT_EN, REASON_EN, make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import Update

SEND_OTHER = MissingLanguage.SEND_OTHER


@pytest.fixture
def board(client, cooperative, campaign):
    """What a visitor reads on the board, section by section; None where there is none."""
    client.defaults["HTTP_HOST"] = cooperative.site.hostname

    def read(language="en", of=None):
        html = client.get(path_of(of or campaign, language)).content.decode()
        section = re.search(r'(?s)<section class="section board.*?</section>', html)
        if section is None:
            return None
        text = re.sub(r"(?s)<svg.*?</svg>", " ", section[0])
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ").split())

    return read


def tiers(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def delay(campaign, *rewards, **fields):
    with within(campaign.cooperative):
        update = make_update(campaign, notice_block(rewards, **fields), title=f"Annonce {fields}")
        announce(update, by=None, missing_language=SEND_OTHER)


def deliver(pledge, state=FulfilmentState.SENT, at=None, received=False):
    at = at or clock.now()
    with within(pledge.cooperative):
        pledge.items.update(state=state, state_since=at, left_at=at, received_at=at if received else None)


def ask_back(pledge):
    """The whole price of its reward was asked back, and granted."""
    RefundRequest.objects.create(
        cooperative=pledge.cooperative,
        item=pledge.items.get(),
        state=RequestState.GRANTED,
        amount=pledge.amount,
        currency="CAD",
        asked_at=clock.now(),
        answer_by=date(2027, 12, 1),
        refund=pledge.payment.refunds.get(),
    )


def test_nothing_is_shown_before_something_is_promised(board):
    assert board() is None


def test_on_time(board, campaign):
    make_pledge(campaign)
    shown = board()
    assert "The bag of flour Expected in October 2027 None of 1 sent yet" in shown
    assert "The miller's box" not in shown
    assert "Dates that changed" not in shown


def test_only_rewards_of_contributions_that_stand_are_counted_by_their_number(board, campaign):
    flour, box = tiers(campaign)
    make_pledge(campaign, rewards=[(flour, 3), (box, 1)])
    make_pledge(campaign, paid=False)
    make_pledge(campaign, state="cancelled")
    assert "None of 3 sent yet" in board()
    assert "None of 1 sent yet" in board()


def test_sent_and_confirmed(board, campaign):
    pledges = [make_pledge(campaign) for _n in range(5)]
    for pledge in pledges[:2]:
        deliver(pledge)
    deliver(pledges[2], received=True)
    assert "3 of 5 sent (60%) 1 confirmed received" in board()
    assert "3 envoyées sur 5 (60 %) réception confirmée pour 1" in board("fr")


def test_done_says_in_which_month(board, campaign):
    deliver(make_pledge(campaign), FulfilmentState.DELIVERED, datetime(2027, 9, 2, 1, 0, tzinfo=ZoneInfo("UTC")))
    assert "All 1 delivered, in September 2027" in board()
    deliver(make_pledge(campaign), FulfilmentState.DELIVERED, datetime(2027, 10, 1, 1, 0, tzinfo=ZoneInfo("UTC")))
    assert "All 2 delivered, in September 2027" in board()


def test_a_date_that_changed_twice_keeps_every_month_in_sight(board, campaign):
    flour, _box = tiers(campaign)
    make_pledge(campaign)
    delay(campaign, flour)
    delay(campaign, flour, month="2028-01")
    shown = board()
    assert "2 date changes" in shown
    assert "New date first expected in October 2027 now expected in January 2028" in shown
    assert "was expected in October 2027 now expected in March 2028" in shown
    assert "was expected in March 2028 now expected in January 2028" in shown
    assert shown.count(REASON_EN) == 2
    assert shown.count("Cutting resumes on the 15th.") == 2


def test_the_history_in_french(board, campaign):
    make_pledge(campaign)
    delay(campaign, tiers(campaign)[0], pledged_before=date.today())
    make_pledge(campaign)
    shown = board("fr")
    for words in (
        "Suivi des contreparties",
        "1 changement de date",
        "était prévue pour octobre 2027 maintenant prévue pour mars 2028",
        "La carrière a cassé une lame.",
        "Prochaines nouvelles d’ici le",
        "Pour les contributions faites avant le",
        "Dernière nouvelle : aujourd’hui",
        "Trop peu de contreparties remises pour donner une proportion",
    ):
        assert words in shown, shown


def test_what_is_announced_to_some_moves_no_month_of_the_tier(board, campaign):
    make_pledge(campaign)
    delay(campaign, tiers(campaign)[0], pledged_before=date.today())
    assert "Expected in October 2027" in board()
    assert "For contributions made before" in board()


def test_late_and_silent(board, campaign):
    pledge = make_pledge(campaign)
    words = "The month has passed, a new date is yet to be announced"
    assert words not in board()
    with time_machine.travel(datetime(2027, 11, 1, 5, 0, tzinfo=ZoneInfo("UTC"))):
        assert words in board()
        deliver(pledge)
        assert words not in board()


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "yesterday"), (12, "12 days ago")])
def test_the_last_update(board, campaign, days, words):
    make_pledge(campaign)
    assert "Last update" not in board()
    make_update(campaign)
    with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
        assert f"Last update: {words}" in board()


def test_next_news_then_expected_since(board, campaign):
    make_pledge(campaign)
    on = date.today() + timedelta(days=10)
    delay(campaign, tiers(campaign)[0], next_news_on=on)
    assert "News expected since" not in board()
    with time_machine.travel(clock.now() + timedelta(days=12), tick=True):
        assert "News expected since" in board()
        make_update(campaign, title="Des nouvelles")
        assert "News expected since" not in board()


def test_the_cooperatives_word_over_all_its_campaigns(board, campaign, cooperative, outsider):
    other = make_campaign(cooperative, title="Le four", slug="four", tiers=[tier("Un pain")])
    in_time = make_pledge(campaign, rewards=[(tiers(campaign)[0], FEWEST - 5)])
    late = make_pledge(other, rewards=[(tiers(other)[0], 4)])
    theirs = make_campaign(outsider)
    deliver(make_pledge(theirs, rewards=[(tiers(theirs)[0], 100)]), at=datetime(2027, 5, 1, tzinfo=ZoneInfo("UTC")))
    deliver(in_time, at=datetime(2027, 11, 1, 3, 0, tzinfo=ZoneInfo("UTC")))  # the last evening of October there
    deliver(late, at=datetime(2027, 11, 1, 5, 0, tzinfo=ZoneInfo("UTC")))
    assert "Too few rewards delivered to give a share" in board()
    silent = make_pledge(other, rewards=[(tiers(other)[0], 1)])
    with time_machine.travel(datetime(2027, 12, 1, 6, 0, tzinfo=ZoneInfo("UTC"))):
        assert "75% of rewards were delivered by the first month announced (15 of 20)" in board()
        assert "(15 of 20)" in board(of=other)
        make_refund(payment_of(silent), state="due")
        with within(cooperative):
            ask_back(silent)
        assert "Too few rewards delivered to give a share" in board()


def test_of_another_campaign_nothing(board, campaign, cooperative):
    other = make_campaign(cooperative, title="Le four", slug="four", tiers=[tier("Un pain")])
    make_pledge(other)
    delay(other, *tiers(other), reason="Une raison d’ailleurs.")
    assert board() is None
    assert "Une raison d’ailleurs." in board("fr", of=other)


def test_a_notice_without_the_readers_language_says_so(client, cooperative, campaign):
    make_pledge(campaign)
    with within(cooperative):
        update = make_update(campaign, notice_block(tiers(campaign)[:1]), bilingual=False)
        announce(update, by=None, missing_language=SEND_OTHER)
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    html = client.get(path_of(campaign, "en")).content.decode()
    assert '<span lang="fr-CA">La carrière a cassé une lame.</span>' in html


def test_of_a_delay_told_to_backers_only_the_months_are_public(board, campaign, cooperative):
    flour, _box = tiers(campaign)
    make_pledge(campaign, rewards=[(flour, 1)])
    with within(cooperative):
        update = make_update(campaign, notice_block([flour]), audience="backers")
        announce(update, by=None, missing_language=SEND_OTHER)
    shown = board()
    assert "March 2028" in shown
    assert "Next news by" in shown
    assert [word for word in (REASON_EN, NEXT_EN, "Why:", "What happens next:") if word in shown] == []
    with within(cooperative):
        Update.objects.update(public_on=clock.now().date() - timedelta(days=1))
    assert REASON_EN in board()
