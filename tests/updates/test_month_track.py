"""The line of months: where each month and today stand on it, and what is named below."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation

from home.tenancy import within
from tests.campaigns.test_queries import path_of
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.month_track import axis_over


def labels(axis, language="fr"):
    with translation.override(language):
        return [tick.label for tick in axis.ticks]


def test_the_months_of_the_mockup_stand_where_they_do_there():
    axis = axis_over([date(2026, 10, 1), date(2026, 12, 1)], date(2026, 6, 13))
    assert labels(axis) == ["juin 2026", "juill.", "août", "sept.", "oct.", "nov.", "déc."]
    assert labels(axis, "en") == ["Jun 2026", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert [tick.at for tick in axis.ticks] == ["7.14%", "21.43%", "35.71%", "50.00%", "64.29%", "78.57%", "92.86%"]
    track = axis.track(date(2026, 10, 1), date(2026, 11, 1))
    assert (track.was, track.now, track.has_moved) == ("64.29%", "78.57%", True)
    assert axis.today == "5.71%"


@pytest.mark.parametrize(
    ("months", "day", "start", "count", "has_today"),
    [
        ([(2026, 10)], (2026, 10, 1), (2026, 10), 5, True),
        ([(2026, 10)], (2026, 12, 31), (2026, 10), 5, True),
        ([(2026, 10), (2027, 3)], (2028, 9, 30), (2026, 10), 24, True),
        ([(2026, 10), (2027, 3)], (2028, 10, 1), (2026, 10), 6, False),
        ([(2028, 11)], (2026, 11, 28), (2028, 11), 5, False),
        ([(2026, 1), (2029, 1)], (2027, 1, 1), (2026, 1), 37, True),
    ],
)
def test_how_far_the_line_goes(months, day, start, count, has_today):
    axis = axis_over([date(*month, 1) for month in months], date(*day))
    assert (axis.start, axis.count, bool(axis.today)) == (date(*start, 1), count, has_today)
    assert len(axis.ticks) <= 7


def test_a_long_line_names_some_months_and_each_new_year():
    axis = axis_over([date(2026, 11, 1), date(2027, 10, 1)], date(2026, 11, 1))
    assert labels(axis) == ["nov. 2026", "janv. 2027", "mars", "mai", "juill.", "sept."]


def test_a_month_that_did_not_move_or_came_back_is_one_mark():
    axis = axis_over([date(2026, 10, 1)], date(2026, 10, 1))
    assert not axis.track(date(2026, 10, 1), date(2026, 10, 1)).has_moved


def test_without_months_there_is_no_line():
    assert axis_over([], date(2026, 10, 1)) is None


def board_in(client, campaign, language):
    client.defaults["HTTP_HOST"] = campaign.cooperative.site.hostname
    html = client.get(path_of(campaign, language)).content.decode()
    return re.search(r'(?s)<section class="section board.*?</section>', html)[0]


@pytest.mark.parametrize(
    ("language", "today"), [("fr", "aujourd’hui, 10 octobre 2027"), ("en", "today, October 10, 2027")]
)
def test_the_board_draws_each_tier_and_hides_the_drawing_from_who_hears_it(client, campaign, language, today):
    with within(campaign.cooperative):
        flour, box = campaign.rewards.order_by("position")
        make_pledge(campaign, rewards=[(flour, 1), (box, 1)])
        announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    with time_machine.travel(datetime(2027, 10, 10, 12, tzinfo=ZoneInfo("UTC"))):
        shown = board_in(client, campaign, language)
    drawings = re.findall(r'(?s)<svg class="track" aria-hidden="true".*?</svg>', shown)
    marks = [re.findall(r'class="(t-was|t-now|t-move|t-today)" (?:c?x1?)="([^"]+)"', one) for one in drawings]
    moved = [("t-today", "4.84%"), ("t-move", "8.33%"), ("t-was", "8.33%"), ("t-now", "91.67%")]
    assert sorted(map(sorted, marks)) == sorted([sorted(moved), sorted([moved[0], ("t-now", "8.33%")])])
    legend = re.search(r'(?s)<p class="legend[^>]*aria-hidden="true".*?</p>', shown)[0]
    assert today in legend.replace("\u00a0", " ")
    heard = re.sub(r'(?s)<svg[^>]*aria-hidden="true".*?</svg>', "", shown)
    assert {"fr": ("octobre 2027", "mars 2028"), "en": ("October 2027", "March 2028")}[language][1] in heard
    assert "style=" not in shown
