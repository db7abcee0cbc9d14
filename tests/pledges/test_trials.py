"""« Campagne d’essai »: lived through from the first pledge to what comes after, and nothing real moves."""

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, CampaignPage, Reward
from home import clock, outbox
from home.cooperatives import founding, twins
from home.models import AuditEntry, Backer, Cooperative, Membership, OutgoingMail, Role
from home.tenancy import across_cooperatives, within
from pledges import settlement, trial_crowd, trials
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.models import LedgerEntry, Payment, Pledge, PledgeItem, Trial
from tests.factories.campaigns import body_of, make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.reviews import make_draft, member
from tests.leading import led_to
from tests.pledges.rehearsing import begin, mails, nothing_real_moves, send, twin
from tests.pledges.test_choosing import confirmed
from tests.updates.making import make_update, notice_block, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage

GOOD_MORNING = "camille.rivard@exemple-reel.example"


def at(cooperative, user):
    """A browser in which someone is logged in at a cooperative's host."""
    browser = Client(HTTP_HOST=cooperative.site.hostname)
    browser.force_login(user)
    return browser


def url(name, *args):
    with translation.override("fr"):
        return reverse(name, args=args)


@pytest.fixture
def editor(shop):
    return member(shop, Role.EDITOR)


def test_a_whole_trial_is_lived_through_and_nothing_real_moves(shop, editor, stripe_double, settings, tmp_path):
    """Through the screens: begun, contributed to, ended, settled with a card refused, a delay told of, finished."""
    settings.CLOCK_FILE = tmp_path / "clock"
    make_campaign(shop, title="Une campagne en cours")
    page = make_draft(shop, goal=20_000, title="Le four du village")
    ours = at(shop, editor)
    founding.welcome(editor, shop, Role.EDITOR)
    with nothing_real_moves(shop):
        offered = ours.get(url("campaign_trial", page.pk))
        assert offered.status_code == 200
        begun = ours.post(url("campaign_trial", page.pk))
        assert led_to(begun).startswith("http://essai-meule.localhost/fr/continuer/")
        sandbox = twin(shop)
        campaign = trials.running(sandbox).campaign
        assert (campaign.state, campaign.title_fr, campaign.title_en) == (
            CampaignState.LIVE,
            "Le four du village",
            "Get the millstone turning",
        )
        theirs = at(sandbox, editor)
        assert theirs.get(url("pledges_trial")).status_code == 200
        _contribute(theirs, campaign, sandbox, stripe_double)
        assert theirs.post(url("pledges_trial_contributions"), {"beginning": "1"}).status_code == 302  # beyond: nothing
        for _twice in range(2):
            theirs.post(url("pledges_trial_contributions"), {"beginning": "0"})
        with within(sandbox):
            assert Pledge.objects.filter(state=PledgeState.CONFIRMED).count() == 11
        theirs.post(url("pledges_trial_last_days"))
        theirs.post(url("pledges_trial_end"))
        _settle(campaign)
        with within(sandbox):
            states = Payment.objects.order_by().values_list("state", flat=True)
            assert sorted(states) == sorted([PaymentState.PAID] * 9 + [PaymentState.MEND] * 2)
        _announce_a_delay(campaign, editor)
        send()
        _everything_went_to(editor, sandbox)
        hub = theirs.get(url("pledges_trial"))
        assert next(one.pk for one, _subject in hub.context["rows"]) == mails(sandbox)[-1].pk
        read = theirs.get(url("pledges_trial_mail", mails(sandbox)[0].pk))
        assert [one.language for one in read.context["versions"]] == ["fr", "en"]
        finished = theirs.post(url("pledges_trial_finish"))
        assert led_to(finished).startswith("http://meule.localhost/fr/continuer/")
    _is_over(sandbox, campaign)
    with across_cooperatives():
        assert not LedgerEntry.objects.exclude(cooperative=sandbox).exists()


def _contribute(browser, campaign, sandbox, double):
    """By the public form, with the address of somebody real."""
    with within(sandbox):
        reward = Reward.objects.filter(campaign=campaign).order_by("position").first()
    shown = browser.get(url("contribute", campaign.pk))
    assert shown.status_code == 200
    sent = browser.post(
        url("contribute_review", campaign.pk), confirmed((reward, 1), email=GOOD_MORNING, language="fr")
    )
    session = sent["Location"].rpartition("/")[2]
    double.pay(session)
    with within(sandbox):
        row = Pledge.objects.get(backer__email=GOOD_MORNING).checkouts.get()
    back = browser.get(url("checkout_return", row.key))
    assert back.status_code in (200, 302)


def _announce_a_delay(campaign, editor):
    with within(campaign.cooperative):
        update = make_update(campaign, text_block(), notice_block([campaign.rewards.first()]))
        announce(update, by=editor, missing_language=MissingLanguage.NONE)


def _everything_went_to(editor, sandbox):
    written = mails(sandbox)
    kinds = {mail.kind for mail in written}
    assert {"pledge_confirmed", "contribution_receipt", "delay_announced"} & kinds, kinds
    assert GOOD_MORNING in {mail.address for mail in written}
    assert len(outgoing.outbox) == len(written) > 12
    assert {tuple(message.recipients()) for message in outgoing.outbox} == {(editor.email,)}
    assert all(message.subject.startswith(("[Essai] ", "[Trial] ")) for message in outgoing.outbox)


def _is_over(sandbox, campaign):
    sandbox.refresh_from_db()
    with within(sandbox):
        assert sandbox.rehearsed_by is None and not OutgoingMail.objects.exists()
        assert Trial.objects.get().ended_at is not None
        assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.CLOSED
        assert not CampaignPage.objects.live().filter(translation_key=campaign.translation_key).exists()
        assert set(Backer.objects.values_list("email", "name")) == {("", "")}
        assert not PledgeItem.objects.filter(state=FulfilmentState.NOT_STARTED).exists()


def _settle(campaign):
    """As the tick does it, once the deadline is past."""
    with across_cooperatives():
        due = list(settlement.unsettled())
    assert [one.pk for one in due] == [campaign.pk]
    settlement.settle(due[0])


def test_killed_anywhere_it_begins_once_when_it_is_asked_for_again(shop, editor, stripe_double, monkeypatch):
    """The process dies in the middle: an exception that nobody catches."""
    page = make_draft(shop)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    places = (
        "home.cooperatives.twins.enter",
        "pledges.accounts.open_for",
        "pledges.accounts.refresh",
        "campaigns.lifecycle.launch",
    )
    for place in places:
        with monkeypatch.context() as patched:
            patched.setattr(place, die)
            with pytest.raises(KeyboardInterrupt):
                trials.start(page, shop, by=editor)
    trial = trials.start(page, shop, by=editor)
    assert trials.start(page, shop, by=editor) == trial
    sandbox = twin(shop)
    with within(sandbox):
        assert list(Campaign.objects.values_list("state", flat=True)) == [CampaignState.LIVE]
        assert CampaignPage.objects.filter(translation_key=trial.campaign.translation_key).live().count() == 2
    assert Cooperative.objects.filter(rehearses=shop).count() == 1
    assert set(sandbox.memberships.values_list("user", "role")) == {(editor.pk, role) for role in twins.ROLES}


def test_someone_else_of_the_team_may_take_it_over_knowing_whose_it_is(shop, editor):
    trial = begin(shop)
    owner = member(shop, Role.OWNER)
    page = CampaignPage.objects.get(translation_key=trial.source_key, locale__language_code="fr")
    browser = at(shop, owner)
    assert browser.get(url("campaign_trial", page.pk)).context["other"] == editor
    refused = browser.post(url("campaign_trial", page.pk))
    assert refused.status_code == 200 and f"{editor} essaie une campagne" in refused.content.decode()
    assert twin(shop).rehearsed_by == editor
    assert led_to(browser.post(url("campaign_trial", page.pk), {"take_over": "1"}))
    assert twin(shop).rehearsed_by == owner
    assert trials.running(twin(shop)) == trial
    assert at(twin(shop), editor).post(url("pledges_trial_end")).status_code == 302
    with within(trial.cooperative):
        assert Campaign.objects.get().deadline > clock.now()


def test_it_is_for_those_who_write_and_for_no_other_cooperative(shop, outsider, editor):
    trial = begin(shop)
    page = CampaignPage.objects.get(translation_key=trial.source_key, locale__language_code="fr")
    stranger, treasurer = make_user(outsider, Role.OWNER), member(shop, Role.TREASURER)
    hub, start = url("pledges_trial"), url("campaign_trial", page.pk)
    assert at(shop, treasurer).post(start).status_code == 302  # the admin's way of refusing: home, with a message
    assert at(outsider, stranger).post(start, follow=True).status_code == 404
    assert at(shop, editor).get(hub, follow=True).status_code == 404
    assert at(outsider, stranger).get(hub, follow=True).status_code == 404
    for somebody in (stranger, treasurer):
        assert (
            at(twin(shop), somebody)
            .get(hub)["Location"]
            .startswith(f"http://{'large' if somebody is stranger else 'meule'}.")
        )
    with across_cooperatives():
        assert Trial.objects.count() == 1
    assert not Membership.objects.filter(cooperative=twin(shop)).exclude(user=editor).exists()


def test_what_cannot_be_tried_says_why_and_founds_nothing(shop, editor, settings):
    bare = make_draft(shop, body=[], bilingual=False)
    with pytest.raises(trials.TrialRefused) as refused:
        trials.start(bare, shop, by=editor)
    assert len(refused.value.reasons) == 3
    settings.STRIPE_TEST_SECRET_KEY = ""
    page = make_draft(shop, title="Un four", slug="un-four")
    shown = at(shop, editor).post(url("campaign_trial", page.pk))
    assert "mode d’essai" in shown.content.decode()
    assert twin(shop) is None


def test_a_flexible_campaign_is_paid_at_once_and_begins_again_from_the_last_draft(shop, editor):
    trial = begin(shop, funding_model=FundingModel.FLEXIBLE, body=body_of([tier(), tier("La boîte", 6500)]))
    assert trial_crowd.add(trial, beginning=0) == trial_crowd.SOME
    with within(trial.cooperative):
        assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.PAID}
        first = {pledge.amount for pledge in Pledge.objects.all()}
    assert first == {3000, 6500}
    source = CampaignPage.objects.get(translation_key=trial.source_key, locale__language_code="fr")
    source.title = "Le four, repensé"
    source.save_revision()
    browser = at(trial.cooperative, editor)
    assert browser.post(url("pledges_trial_again")).status_code == 302
    anew = trials.running(twin(shop))
    assert anew != trial and anew.campaign.title_fr == "Le four, repensé"
    with within(trial.cooperative):
        assert not Pledge.objects.filter(campaign=anew.campaign).exists()
        assert sorted(Campaign.objects.values_list("state", flat=True)) == [CampaignState.CLOSED, CampaignState.LIVE]


def test_the_acts_of_a_trial_refuse_a_real_campaign(shop):
    campaign = make_campaign(shop)
    from campaigns import lifecycle
    from pledges import erasing, fulfilment, grace

    with within(shop):
        for act in (
            lambda: lifecycle.bring_forward(campaign, clock.now()),
            lambda: lifecycle.abandon(campaign),
            lambda: grace.abandon(campaign),
            lambda: fulfilment.abandon(campaign),
            lambda: erasing.empty_rehearsal(shop),
            lambda: outbox.forget_rehearsal(shop),
        ):
            with pytest.raises(TypeError):
                act()
        assert Campaign.objects.get().state == CampaignState.LIVE


@pytest.mark.parametrize(
    "place", ["pledges.trials._finish", "campaigns.twin_copies.copy_into", "campaigns.lifecycle.launch"]
)
def test_killed_while_it_begins_again_it_runs_on(shop, monkeypatch, place):
    """Never ended with nothing in its place, whatever line the process dies on."""
    trial = begin(shop)
    editor = member(shop, Role.EDITOR)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, die)
        with pytest.raises(KeyboardInterrupt):
            trials.start_again(trial, by=editor)
    sandbox = twin(shop)
    assert (trials.running(sandbox), sandbox.rehearsed_by) == (trial, editor)
    anew = trials.start_again(trial, by=editor)
    assert trials.running(sandbox) == anew != trial
    assert trials.start_again(trial, by=editor) == anew, "asked twice, it began again once"
    with within(shop):
        begun = AuditEntry.objects.order_by("pk").values_list("act", "actor", "facts__page")
        assert list(begun) == [("trial_begun", editor.pk, "Remettre la meule en marche")] * 2
