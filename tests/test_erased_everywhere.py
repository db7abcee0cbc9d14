"""One backer is erased: their name, email and address are nowhere any more, but where the law has them kept."""

import json
import logging
import time

import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.management import call_command
from django.db.models import Sum
from wagtail.models import Page
from wagtail.search.backends import get_search_backend

from campaigns.enums import FundingModel
from home import backing, file_cache
from home.models import Backer, Erasure, MailState, OutgoingMail, Suppression
from home.privacy import erasures, marks, register
from home.privacy.words import Erased
from home.tenancy import within
from pledges import erasing, ledger_checks, own_data
from pledges.enums import RefundState
from pledges.models import LedgerEntry, Payment, Pledge, Refund
from tests import erased_backer as person
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_pledge
from tests.stripe_double import client
from tests.updates.making import make_update_page, text_block
from updates.models import UpdatePage


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, title="Le four", funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def pledge(shop, campaign):
    with within(shop):
        made = person.furnish(campaign)
        Refund.objects.update(state=RefundState.DONE)
        end_now(campaign)
        campaign.state = "ended"
        campaign.save()
        yield made


@pytest.fixture
def plain(shop, campaign):
    """The same person, with their contribution alone, and named on one page."""
    with within(shop):
        made = make_pledge(campaign, rewards=[], extra=500, email=person.EMAIL, backer_name=person.NAME)
        backing.suppress(shop, person.EMAIL, backing.COMPLAINED)
        Page.objects.filter(pk=shop.site.root_page_id).update(title=f"Merci {person.NAME}")
        campaign.state = "ended"
        campaign.save()
        yield made


def erase(pledge):
    """As their page does it, and the tick after it."""
    assert erasing.erase(pledge) == ""
    OutgoingMail.objects.filter(kind="data_erased", backer=pledge.backer_id).update(state=MailState.SENT)
    erasing.finish_due()
    erasures.finish_due()
    assert (erasing.is_due(), erasures.is_due()) == (False, False)


def sums():
    entries = LedgerEntry.objects.values("account", "currency").annotate(total=Sum("amount"))
    return sorted((one["account"], one["currency"], one["total"]) for one in entries)


def test_nothing_names_them_afterwards(pledge, shop, campaign, caplog, settings, tmp_path):
    caplog.set_level(logging.DEBUG)
    settings.ERASURES_FILE = tmp_path / "erasures.jsonl"
    in_search = get_search_backend()
    in_search.add(Page.objects.get(title=f"Merci {person.NAME}").specific)
    assert set(person.places()) >= SAID
    assert [hit.title for hit in in_search.search("Entremont", UpdatePage)] == [f"Merci {person.NAME}"]
    exported = json.dumps(own_data.collected(pledge.backer), ensure_ascii=False)
    before, kept = sums(), person.keep_a_file()
    customer, item = pledge.backer.stripe_customer, own_data.collected(pledge.backer)
    caplog.clear()  # what making it all said
    erase(pledge)

    assert person.places() == {}
    assert person.held_in_sessions() == [False]
    assert list(in_search.search("Entremont", UpdatePage)) == []
    assert [hit.title for hit in in_search.search("Merci", UpdatePage)] == ["Merci …"]
    assert person.files_that_say(settings.MEDIA_ROOT, tmp_path) == {}
    assert person.found_in(caplog.text) == set()
    assert kept.exists()
    assert person.found_in(exported) == set(person.SECRETS)
    assert (sums(), list(ledger_checks.all_findings())) == (before, [])
    found = client().v1.customers.retrieve(customer, options={"stripe_account": shop.stripe_account})
    assert found.deleted is True
    assert backing.is_suppressed(shop, person.EMAIL)
    assert Suppression.objects.get().email_key == marks.suppressed(shop, person.EMAIL)
    assert len(item["contributions"]) == 1


#: Where they stand before, of what is easily forgotten.
SAID = {
    "home_auditentry.facts",
    "home_backer.email_key",
    "home_mailevent.detail",
    "home_outgoingmail.facts",
    "home_suppression.email_key",
    "django_tasks_database_dbtaskresult.traceback",
    "pledges_emailchange.new_email",
    "updates_correction.passages",
    "updates_updatepage.body",
    "wagtail_localize_string.data",
    "wagtail_localize_translationsource.content_json",
    "wagtailadmin_formstate.data",
    "wagtailcore_comment.text",
    "wagtailcore_pagelogentry.label",
    "wagtailcore_revision.content",
    "wagtailimages_image.title",
    "wagtailsearch_indexentry.title",
}


def test_what_the_law_keeps_stands_in_columns_that_the_register_names(pledge):
    Payment.objects.update(method="cheque", reference=f"Chèque de {person.NAME}", commission=0, processing_fee=None)
    Refund.objects.update(note=f"Rendu à {person.NAME}")
    Pledge.objects.update(company_name=person.NAME)
    erase(pledge)
    tables = {model._meta.db_table: model._meta.label for model in apps.get_models()}
    law = {column for group in register.groups() if group.erased == Erased.LAW for column in group.columns}
    kept = [place.split(".") for place in person.places()]
    assert {(tables[table], name) for table, name in kept} == law - {("pledges.Pledge", "company_numbers")}


def test_someone_of_the_team_keeps_their_name_on_the_pages_though_they_contributed(plain, shop):
    shop.privacy_officer = person.NAME
    shop.save()
    erase(plain)
    assert person.NAME in Page.objects.get(pk=shop.site.root_page_id).title
    assert "home_backer.name" not in person.places()


def test_words_that_pages_said_before_are_not_a_name_though_someone_contributed_under_them(campaign, shop):
    """Or anyone could empty a page: contribute under its words, then have them erased."""
    with within(shop):
        page = make_update_page(campaign, text_block("<p>Merci pour La Farine d’été, disait-on.</p>"))
        vandal = make_pledge(campaign, rewards=[], extra=1, backer_name="la farine d'été", email="v@x.example")
        later = make_update_page(campaign, text_block("<p>Merci à la farine d’été.</p>"), title="Plus tard")
        campaign.state = "ended"
        campaign.save()
        erase(vandal)
        assert Backer.objects.get(pk=vandal.backer_id).name == ""
        assert "Farine d’été" in str(UpdatePage.objects.get(pk=page.pk).body)
        assert "farine d’été" in str(UpdatePage.objects.get(pk=later.pk).body)


def test_another_cooperative_s_pages_are_its_own(plain, outsider):
    theirs = outsider.site.root_page
    Page.objects.filter(pk=theirs.pk).update(title=f"Merci {person.NAME}")
    erase(plain)
    assert Page.objects.get(pk=theirs.pk).title == f"Merci {person.NAME}"


def test_news_does_not_go_to_the_address_again_should_they_come_back(plain, campaign, outsider):
    erase(plain)
    again = make_pledge(campaign, rewards=[], extra=100, email=person.EMAIL.upper(), paid=False)
    assert backing.suppressed_among(campaign.cooperative, [again.backer.email, "autre@x.example"]) == {person.EMAIL}
    assert not backing.is_suppressed(outsider, person.EMAIL)
    backing.suppress(campaign.cooperative, person.EMAIL, backing.BOUNCED)
    Pledge.objects.filter(pk=again.pk).update(state="cancelled")
    assert erasing.erase_silently(again.backer)
    assert Suppression.objects.count() == 1


STEPS = [
    "home.privacy.erasure_list._append",
    "home.privacy.scrubbing._write",
    "home.privacy.scrubbing._index_again",
    "home.privacy.scrubbing._Search._say_another",
    "home.privacy.scrubbing._Search._drafts",
    "home.privacy.scrubbing.SessionStore",
    "home.privacy.erasures.Erasure.objects.filter",
]


def test_a_worker_that_dies_at_any_step_is_followed_by_one_that_goes_on(pledge, monkeypatch):
    assert erasing.erase(pledge) == ""
    for step in STEPS:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(step, _dies)
            erasures.finish_due()
        assert erasures.is_due()
    OutgoingMail.objects.filter(kind="data_erased").update(state=MailState.SENT)
    erasing.finish_due()
    erasures.finish_due()
    assert person.places() == {}
    assert not erasures.is_due()


def _dies(*args, **kwargs):
    raise KeyboardInterrupt


# ------------------------------------------------------------------ after a restore


@pytest.fixture
def listed(settings, tmp_path):
    settings.ERASURES_FILE = tmp_path / "list" / "erasures.jsonl"
    return settings.ERASURES_FILE


def restore(plain, key=person.EMAIL):
    """As a backup from before the erasure brings it back."""
    Backer.objects.filter(pk=plain.backer_id).update(
        email=person.EMAIL, email_key=key, name=person.NAME, erased_at=None
    )
    Erasure.objects.all().delete()
    OutgoingMail.objects.filter(kind="data_erased").delete()
    assert person.places()


def test_whom_a_backup_brings_back_is_erased_again_without_another_mail(plain, campaign, listed, capsys):
    erase(plain)
    assert person.found_in(listed.read_text()) == set()
    assert listed.stat().st_mode & 0o077 == 0
    restore(plain)
    listed.write_text('{"cooperative": "cut short\n' + listed.read_text() + "[]\n")
    call_command("erase_again")
    assert "1 to erase again" in capsys.readouterr().out
    assert person.places()
    call_command("erase_again", write=True)
    erasing.finish_due()
    erasures.finish_due()
    assert person.places() == {}
    assert not OutgoingMail.objects.filter(kind="data_erased").exists()
    make_pledge(campaign, rewards=[], extra=100, email=person.EMAIL)  # they came back since
    call_command("erase_again", write=True)
    assert "0 erased again, 0 not yet" in capsys.readouterr().out.splitlines()[-1]


def test_who_is_owed_something_in_the_restored_database_is_named_and_waits(plain, listed, capsys):
    erase(plain)
    restore(plain)
    Pledge.objects.update(state="pending")
    with pytest.raises(SystemExit):
        call_command("erase_again", write=True)
    assert f"backer {plain.backer_id} cannot be erased yet" in capsys.readouterr().err


# ------------------------------------------------------------------ pages that were kept


def test_files_of_kept_pages_go_with_their_time(settings, tmp_path):
    settings.CACHES = {
        name: {"BACKEND": "home.file_cache.FileCache", "LOCATION": tmp_path / name} for name in ("default", "pages")
    }
    caches["pages"].set("wall", person.NAME, 0.01)
    caches["pages"].set("other", "du pain", 60)
    assert person.files_that_say(tmp_path)
    time.sleep(0.02)
    file_cache.forget_expired()
    assert person.files_that_say(tmp_path) == {}
    assert caches["pages"].get("other") == "du pain"


# ------------------------------------------------------------------ on PostgreSQL, by its own dump


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_no_dump_of_postgresql_says_their_name(pledge, shop, listed):
    assert person.found_in(person.dump()) == set(person.SECRETS)
    erase(pledge)
    assert person.found_in(person.dump()) == set()
    assert person.BUSINESS in person.dump()
