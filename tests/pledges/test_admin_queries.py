"""The lists of the team cost the same number of queries for three rows as for one."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home.models import Role
from home.tenancy import within
from pledges.enums import RefundState
from tests.factories.books import fail_refund, make_dispute, make_matching, make_payout, register
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge, make_refund, payment_of


def offline(campaign, number):
    with within(campaign.cooperative):
        make_offline(campaign, (campaign.rewards.first(), 1), email=f"o{number}@x.example", name=f"Aimé {number}")


def refund(campaign, number):
    make_refund(payment_of(make_pledge(campaign)), state=RefundState.TO_APPROVE)


def refund_sent_back(campaign, number):
    fail_refund(make_refund(payment_of(make_pledge(campaign))))


def dispute(campaign, number):
    make_dispute(payment_of(make_pledge(campaign, fee=100)))


def payout(campaign, number):
    make_payout(campaign.cooperative, [payment_of(make_pledge(campaign, fee=100))])


def matching(campaign, number):
    make_matching(campaign, partner=f"Caisse {number}")


def tax(campaign, number):
    code = ("gst", "qst", "gst")[number]
    ends_on = date(2019, 12, 31) if number == 2 else None
    register(campaign.cooperative, code, starts_on=date(2010 if number == 2 else 2020, 1, 1), ends_on=ends_on)


LISTS = {
    "offline contributions": ("pledges_offline", (), offline),
    "contributions by other means, among all": ("pledges_contributions", (), offline),
    "refunds": ("pledges_refunds", (), refund),
    "refunds sent back": ("pledges_refunds", (), refund_sent_back),
    "disputes": ("pledges_refunds", (), dispute),
    "matching": ("pledges_matching", ("campaign",), matching),
    "taxes": ("pledges_taxes", (), tax),
    "payouts": ("pledges_payouts", (), payout),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_three_as_for_one(cooperative, campaign, name):
    view, args, add = LISTS[name]
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(make_user(cooperative, Role.OWNER, is_superuser=True))
    address = reverse(view, args=[campaign.pk] if args else [])

    def cost():
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address)
        assert page.status_code == 200
        return len(page.content), [query["sql"] for query in asked]

    add(campaign, 0)
    cost()
    short, once = cost()
    add(campaign, 1)
    add(campaign, 2)
    long, thrice = cost()
    assert len(thrice) == len(once), [sql for sql in thrice if sql not in once]
    assert long > short
