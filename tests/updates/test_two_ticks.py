"""Two ticks at the same moment prepare one draft and write one mail: on PostgreSQL, in threads."""

from datetime import timedelta

import pytest
from wagtail.models import Page

from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges.models import Pledge
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.pledges import make_pledge
from tests.pledges.test_refund_races import at_once
from updates import coaching, digests, team
from updates.models import CoachingDraft, UpdatePage

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(db):
    cooperative = make_cooperative("meule", name="La Meule commune")
    make_user(cooperative, Role.EDITOR)
    with within(cooperative):
        yield make_campaign(cooperative)


def test_eight_ticks_prepare_one_draft(campaign):
    make_pledge(campaign, rewards=[], extra=60_000, paid=False)
    assert at_once(campaign.cooperative, *[lambda: coaching.prepare(campaign)] * 8) == []
    assert list(CoachingDraft.objects.values_list("occasion", flat=True)) == ["50"]
    assert UpdatePage.objects.count() == 2
    assert Page.find_problems() == ([], [], [], [], [])


def test_eight_editors_start_one_plan(campaign):
    assert at_once(campaign.cooperative, *[lambda: coaching.start_plan(campaign, by=None)] * 8) == []
    assert (CoachingDraft.objects.count(), UpdatePage.objects.count()) == (6, 12)


def test_eight_ticks_write_one_digest(campaign, monkeypatch):
    monkeypatch.setattr(team, "MORNING", 0)
    pledge = make_pledge(campaign, rewards=[], extra=5000, paid=False)
    Pledge.objects.filter(pk=pledge.pk).update(confirmed_at=clock.now() - timedelta(days=1))
    assert at_once(campaign.cooperative, *[lambda: digests.tell(campaign.cooperative)] * 8) == []
    assert OutgoingMail.objects.filter(kind="editor_digest").count() == 1
