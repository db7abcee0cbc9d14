"""News promised for a day: kept by any update after the announcement, missed once the day has passed without one."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils.translation import override

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock, formats
from home.models import Role
from home.tenancy import within
from pledges.links import contribution_token
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import campaign_page, make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.next_news import missed

DUE = date.today() + timedelta(days=10)


def announced(campaign, title="Un retard", **fields):
    with within(campaign.cooperative):
        make_pledge(campaign)
        first = campaign.rewards.order_by("position").first()
        update = make_update(campaign, notice_block([first], **({"next_news_on": DUE} | fields)), title=title)
        announce(update, by=None, missing_language=MissingLanguage.NONE)
        return update


def days_later(days):
    return time_machine.travel(clock.now() + timedelta(days=days), tick=True)


def found(cooperative):
    with within(cooperative):
        return [(one.campaign.pk, one.on) for one in missed(cooperative)]


def test_missed_the_day_after(cooperative, campaign):
    announced(campaign)
    counts = []
    for days in (9, 10, 11, 12):
        with days_later(days):
            counts.append(len(found(cooperative)))
    assert counts[0] == 0
    assert counts[-1] == 1
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("days", "words"), [(3, "Prochaines nouvelles d’ici le"), (14, "Nouvelles attendues depuis le")]
)
def test_a_backer_s_own_page_says_it_until_they_come(on_host, campaign, outsider, days, words):
    announced(make_campaign(outsider))
    with within(campaign.cooperative), override("fr"):
        address = reverse("contribution", args=[contribution_token(make_pledge(campaign))])

    def told():
        page = on_host(campaign.cooperative).get(address).content.decode()
        return re.findall(r"(?:Prochaines nouvelles|Nouvelles attendues)[^<]*", page)

    quiet = told()
    announced(campaign)
    with days_later(days):
        spoken = told()
        with within(campaign.cooperative):
            make_update(campaign, title="Des nouvelles")
        kept = told()
    assert (quiet, spoken, kept) == ([], [f"{words} {formats.day(DUE, 'fr')}"], [])


def test_any_update_after_the_announcement_keeps_it(cooperative, campaign):
    announced(campaign)
    with days_later(3):
        make_update(campaign, title="Des nouvelles")
    with days_later(20):
        assert found(cooperative) == []


def test_a_later_announcement_counts_alone_and_by_its_earliest_day(cooperative, campaign):
    announced(campaign)
    with days_later(2), within(cooperative):
        flour, box = campaign.rewards.order_by("position")
        make_pledge(campaign, rewards=[(flour, 1), (box, 1)])
        soon = notice_block([box], month="2028-06", next_news_on=DUE + timedelta(days=20))
        first = notice_block([flour], month="2028-05", next_news_on=DUE + timedelta(days=15))
        announce(make_update(campaign, soon, first, title="Encore"), by=None, missing_language=MissingLanguage.NONE)
    with days_later(15):
        assert found(cooperative) == []
    with days_later(40):
        assert [on for _campaign, on in found(cooperative)] == [DUE + timedelta(days=15)]


def test_a_closed_campaign_owes_no_news(cooperative, campaign):
    announced(campaign)
    with within(cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED)
    with days_later(20):
        assert found(cooperative) == []


def test_of_another_cooperative_nothing(cooperative, outsider, campaign):
    announced(make_campaign(outsider))
    with days_later(20):
        assert found(cooperative) == []
        assert len(found(outsider)) == 1


def test_the_lists_of_the_team_say_it_first(client, cooperative, outsider, campaign):
    announced(campaign)
    announced(make_campaign(outsider, title="Ailleurs"))
    client.defaults.update(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    with within(cooperative):
        page = campaign_page(campaign).pk
    addresses = [reverse("updates_mailings"), reverse("campaigns_index"), reverse("campaigns_dossier", args=[page])]
    with days_later(20):
        client.force_login(make_user(cooperative, Role.OWNER))
        for address in addresses:
            shown = client.get(address, follow=True).content.decode()
            assert shown.count("promised news by") == 1, address
            assert "Ailleurs" not in shown


@pytest.mark.parametrize("days", [0, 5])
def test_before_the_day_the_lists_say_nothing(client, cooperative, campaign, days):
    announced(campaign)
    client.defaults.update(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    with days_later(days):
        client.force_login(make_user(cooperative, Role.OWNER))
        assert "promised news by" not in client.get(reverse("updates_mailings")).content.decode()
