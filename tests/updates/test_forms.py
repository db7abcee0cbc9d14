"""The editor's form of a delay notice: this campaign's tiers with their month; what cannot be is said at its field."""

from datetime import date, timedelta
from html import unescape

import pytest
from wagtail.users.models import UserProfile

from home.models import Role
from home.tenancy import across_cooperatives, within
from pledges.promises import tier_month
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import campaign_page, make_update, make_update_page, notice_block
from updates import tier_choices
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import DelayNotice, Update, UpdatePage

NEXT = (date.today() + timedelta(days=30)).isoformat()
EDIT = "/admin/pages/{}/edit/"


@pytest.fixture
def admin(on_host, cooperative):
    editor = make_user(cooperative, Role.EDITOR)
    profile = UserProfile.get_for_user(editor)
    profile.preferred_language = "en"
    profile.save()
    client = on_host(cooperative)
    client.force_login(editor)
    return client


@pytest.fixture
def other_campaign(cooperative):
    return make_campaign(cooperative, title="Autre", slug="autre")


def tiers(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def posted(blocks, **fields):
    """What the browser posts for a page whose body holds these blocks: (type, id, value) each."""
    data = {
        "title": "La pierre est en retard",
        "summary": "Elle arrive plus tard.",
        "audience": "public",
        "slug": "la-pierre",
        "body-count": str(len(blocks)),
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "comments-MIN_NUM_FORMS": "0",
        "comments-MAX_NUM_FORMS": "1000",
        "action-publish": "action-publish",
    }
    for index, (kind, block_id, value) in enumerate(blocks):
        data |= {
            f"body-{index}-type": kind,
            f"body-{index}-id": block_id,
            f"body-{index}-order": str(index),
            f"body-{index}-deleted": "",
        }
        data |= {f"body-{index}-value-{name}": text for name, text in value.items()}
    return data | fields


def notice(chosen, block_id="", **fields):
    value = {
        "rewards": [str(reward.block_id) for reward in chosen],
        "pledged_before": "",
        "month": "2028-03",
        "reason": "Une lame a cassé.",
        "next_steps": "La taille reprend.",
        "next_news_on": NEXT,
    }
    return ("delay_notice", block_id, value | fields)


def create(client, campaign, *blocks):
    with within(campaign.cooperative):
        parent = campaign_page(campaign)
    return client.post(f"/admin/pages/add/updates/updatepage/{parent.pk}/", posted(blocks), follow=True)


def pages():
    return list(UpdatePage.objects.filter(live=True).values_list("title", flat=True))


def text_of(response):
    return unescape(response.content.decode())


def test_the_form_offers_this_campaigns_tiers_with_their_month(admin, campaign, other_campaign):
    with within(campaign.cooperative):
        parent = campaign_page(campaign)
    page = text_of(admin.get(f"/admin/pages/add/updates/updatepage/{parent.pk}/"))
    assert "The bag of flour\\u201d: expected in October 2027" in page
    assert [str(tier.block_id) in page for tier in (*tiers(campaign), *tiers(other_campaign))] == [
        True,
        True,
        False,
        False,
    ]


def test_the_label_follows_an_announced_date(admin, campaign):
    make_pledge(campaign)
    flour = tiers(campaign)[0]
    update = make_update(campaign, notice_block([flour]))
    with within(campaign.cooperative):
        announce(update, by=None, missing_language=MissingLanguage.NONE)
        assert tier_month(flour) == date(2028, 3, 1)
        parent = campaign_page(campaign)
    page = text_of(admin.get(f"/admin/pages/add/updates/updatepage/{parent.pk}/"))
    assert "expected in March 2028" in page


def test_a_notice_is_published_and_promises_nothing(admin, campaign):
    make_pledge(campaign)
    create(admin, campaign, notice(tiers(campaign)[:1]))
    assert pages() == ["La pierre est en retard"]
    page = UpdatePage.objects.get()
    assert page.delay_blocks[0].value["rewards"] == [str(tiers(campaign)[0].block_id)]
    with across_cooperatives():
        assert (Update.objects.count(), DelayNotice.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"month": "2020-01"}, "Choose this month or a later one."),
        ({"next_news_on": "2020-01-01"}, "Choose a day to come."),
        ({"rewards": []}, "This field is required."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(admin, campaign, wrong, message):
    response = create(admin, campaign, notice(tiers(campaign)[:1], **wrong))
    assert pages() == []
    assert message in text_of(response)
    assert "La taille reprend." in text_of(response)


def test_a_month_moved_closer_is_fine_and_this_month_too(admin, campaign):
    create(admin, campaign, notice(tiers(campaign)[:1], month=date.today().strftime("%Y-%m")))
    assert pages() == ["La pierre est en retard"]


def test_another_campaigns_tier_is_refused(admin, campaign, other_campaign):
    response = create(admin, campaign, notice(tiers(other_campaign)))
    assert pages() == []
    assert "is not one of the available choices" in text_of(response)


def test_a_reward_stands_in_one_notice_only(admin, campaign):
    flour, box = tiers(campaign)
    response = create(admin, campaign, notice([flour]), notice([flour, box]))
    assert pages() == []
    assert "A reward may stand in one notice only." in text_of(response)
    create(admin, campaign, notice([flour]), notice([box], month="2028-06"))
    assert pages() == ["La pierre est en retard"]


def test_an_announced_notice_no_longer_changes(admin, campaign):
    make_pledge(campaign)
    flour = tiers(campaign)[0]
    update = make_update(campaign, notice_block([flour]))
    with within(campaign.cooperative):
        announce(update, by=None, missing_language=MissingLanguage.NONE)
        page = UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code="fr")
        row = DelayNotice.objects.get()
    block_id = str(row.block_id)
    same = {"next_news_on": row.next_news_on.isoformat()}
    response = admin.post(
        EDIT.format(page.pk), posted([notice([flour], block_id, **same, month="2029-01")]), follow=True
    )
    assert "This notice is announced: it no longer changes." in text_of(response)
    admin.post(EDIT.format(page.pk), posted([notice([flour], block_id, **same)], title="Titre corrigé"), follow=True)
    assert UpdatePage.objects.get(pk=page.pk).title == "Titre corrigé"


def test_an_old_announced_notice_can_still_be_saved(admin, campaign):
    make_pledge(campaign)
    flour = tiers(campaign)[0]
    update = make_update(campaign, notice_block([flour]))
    with within(campaign.cooperative):
        announce(update, by=None, missing_language=MissingLanguage.NONE)
        DelayNotice.objects.update(month=date(2021, 3, 1), next_news_on=date(2021, 1, 1))
        page = UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code="fr")
        block_id = str(DelayNotice.objects.get().block_id)
    block = notice([flour], block_id, month="2021-03", next_news_on="2021-01-01")
    admin.post(EDIT.format(page.pk), posted([block], title="Titre corrigé"), follow=True)
    assert UpdatePage.objects.get(pk=page.pk).title == "Titre corrigé"


def test_the_campaign_worked_on_does_not_leak_to_the_next_request(admin, campaign):
    with within(campaign.cooperative):
        parent = campaign_page(campaign)
    admin.get(f"/admin/pages/add/updates/updatepage/{parent.pk}/")
    assert tier_choices.campaign_key.get() == campaign.translation_key
    admin.get("/healthz")
    assert tier_choices.campaign_key.get() is None


def test_tiers_of_another_cooperative_are_never_offered(campaign, outsider):
    theirs = make_campaign(outsider)
    with within(campaign.cooperative):
        assert {key for key, _label in tier_choices.tier_choices()} == {str(one.block_id) for one in tiers(campaign)}
    with within(outsider):
        assert {key for key, _label in tier_choices.tier_choices()} == {str(one.block_id) for one in tiers(theirs)}
    assert tier_choices.tier_choices() == []


def test_a_published_update_stays_under_its_campaign(admin, campaign, other_campaign):
    page = make_update_page(campaign)
    draft = make_update_page(campaign, title="Brouillon", publish=False)
    with within(campaign.cooperative):
        there = campaign_page(other_campaign)
    response = admin.post(f"/admin/pages/{page.pk}/move/{there.pk}/confirm/", follow=True)
    assert "cannot move to another campaign" in text_of(response)
    admin.post(f"/admin/pages/{draft.pk}/move/{there.pk}/confirm/")
    assert UpdatePage.objects.get(pk=page.pk).get_parent().pk != there.pk
    assert UpdatePage.objects.get(pk=draft.pk).get_parent().pk == there.pk


@pytest.mark.parametrize(("role", "seen"), [(Role.EDITOR, True), (Role.OWNER, True)])
def test_the_button_leads_from_the_page(on_host, cooperative, campaign, role, seen):
    page = make_update_page(campaign)
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, role))
    assert (f"/admin/updates/{page.pk}/" in text_of(client.get(EDIT.format(page.pk)))) is seen
    with within(cooperative):
        parent = campaign_page(campaign)
    assert (f"/admin/updates/{page.pk}/" in text_of(client.get(f"/admin/pages/{parent.pk}/"))) is seen
    assert f"/admin/updates/{parent.pk}/" not in text_of(client.get(EDIT.format(parent.pk)))


# Who may read it


def published(admin, campaign, **fields):
    with within(campaign.cooperative):
        parent = campaign_page(campaign)
    url = f"/admin/pages/add/updates/updatepage/{parent.pk}/"
    text = ("text", "", {"text": '{"entityMap": {}, "blocks": [{"key": "a", "text": "Oui", "type": "unstyled"}]}'})
    return admin.post(url, posted([text], **fields), follow=True)


def test_an_update_for_some_tiers_keeps_them(admin, campaign):
    _flour, box = tiers(campaign)
    published(admin, campaign, audience="tiers", tiers=[str(box.block_id)], public_on=NEXT)
    page = UpdatePage.objects.get()
    assert (page.live, page.audience, page.tiers, page.public_on.isoformat()) == (
        True,
        "tiers",
        [str(box.block_id)],
        NEXT,
    )
    with within(campaign.cooperative):
        assert list(Update.objects.get().tiers.all()) == [box]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"audience": "tiers"}, "Choose the rewards whose backers may read it."),
        ({"audience": "backers", "public_on": "2020-01-01"}, "Choose a day to come."),
        ({"audience": "nobody"}, "Select a valid choice."),
    ],
)
def test_who_may_read_it_is_said_at_its_field(admin, campaign, fields, message):
    response = published(admin, campaign, **fields)
    assert message in text_of(response)
    assert pages() == []


def test_tiers_of_another_campaign_are_no_choice(admin, campaign, other_campaign):
    response = published(admin, campaign, audience="tiers", tiers=[str(tiers(other_campaign)[0].block_id)])
    assert "Select a valid choice." in text_of(response)
    assert pages() == []
