"""A cooperative leaves: exported and proved first, then closed; nothing of the others moves."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from wagtail.models import Page

from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage
from home import clock, links
from home.models import AuditEntry, Backer, Cooperative, NewsConsent, Role
from home.tenancy import within
from pledges import archiving, cooperative_export, subscribing
from pledges.enums import RefundState
from pledges.links import contribution_token
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge, make_refund, payment_of
from tests.factories.reviews import make_announced


def house(cooperative):
    make_user(cooperative, Role.OWNER)
    campaign = make_campaign(cooperative, title=f"Campagne {cooperative.slug}")
    pledge = make_pledge(campaign, email=f"un@{cooperative.slug}.example", backer_name="=Zoé", fee=120)
    refund = make_refund(payment_of(pledge), amount=1000, commission=50)
    return campaign, pledge, refund


@pytest.fixture
def leaving(cooperative):
    """Over, and nothing is owed; beside it another, which is as it was."""
    campaign, pledge, refund = house(cooperative)
    with within(cooperative):
        Campaign.objects.update(state=CampaignState.FULFILLING)
        refund.state = RefundState.DONE
        refund.save()
    return cooperative, campaign, pledge, refund


def everything_of(cooperative):
    with within(cooperative):
        rows = {
            model.__name__: list(model._default_manager.filter(cooperative=cooperative).order_by("pk").values())
            for model in cooperative_export.models_of_a_cooperative()
        }
        pages = list(cooperative_export.pages_of(cooperative).values())
    return rows, pages, Cooperative.objects.filter(pk=cooperative.pk).values().get()


def run(folder, slug="meule"):
    out = StringIO()
    call_command("archive_cooperative", slug, "--export", str(folder), stdout=out)
    return out.getvalue()


def test_it_is_exported_whole_then_closed_and_nothing_else_moves(leaving, outsider, tmp_path, on_host):
    cooperative, campaign, pledge, _refund = leaving
    house(outsider)
    theirs, ours = everything_of(outsider), everything_of(cooperative)
    assert "La Meule commune" in run(tmp_path / "export")
    assert everything_of(outsider) == theirs
    after = everything_of(cooperative)
    assert after[1] == ours[1]
    assert {name: rows for name, rows in after[0].items() if name != "AuditEntry"} == {
        name: rows for name, rows in ours[0].items() if name != "AuditEntry"
    }
    cooperative.refresh_from_db()
    assert cooperative.archived_at is not None
    with within(cooperative):
        assert [entry.act for entry in AuditEntry.objects.all()] == ["cooperative_archived"]

    folder = tmp_path / "export"
    manifest = json.loads((folder / "manifest.json").read_text())
    whole = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert "large" not in whole, "nothing of the other cooperative"
    with (folder / "tables/pledges.pledge.csv").open(encoding="utf-8-sig") as found:
        (row,) = csv.DictReader(found)
    assert row["amount"] == str(pledge.amount)
    assert manifest["sums"]["pledges"] == {"confirmed": [1, pledge.amount]}
    assert sum(manifest["sums"]["ledger"].values()) == 0
    with (folder / "tables/home.backer.csv").open(encoding="utf-8-sig") as found:
        assert next(csv.DictReader(found))["name"] == "'=Zoé"
    pages = {path.parent.name for path in (folder / "pages").rglob("*.json")}
    assert pages == {"fr", "en"}
    assert len(list((folder / "pages").rglob("*.json"))) == len(ours[1])

    client = on_host(cooperative)
    slug = Page.objects.get(translation_key=campaign.translation_key, locale__language_code="fr").slug
    assert "n’est plus sur Tremplin" in client.get(f"/fr/{slug}/").content.decode()
    with within(cooperative):
        url = reverse("contribution", args=[contribution_token(pledge)])
    assert client.get(url).status_code == 200
    assert "n’est plus sur Tremplin" not in on_host(outsider).get("/fr/").content.decode()


def test_what_runs_or_is_owed_is_named_and_nothing_is_closed(leaving, tmp_path):
    cooperative, campaign, _pledge, refund = leaving
    with within(cooperative):
        Campaign.objects.update(state=CampaignState.LIVE)
        refund.state = RefundState.DUE
        refund.save()
    with pytest.raises(CommandError) as refused:
        run(tmp_path / "export")
    said = str(refused.value)
    assert f"«\u00a0{campaign}\u00a0»" in said or f"“{campaign}”" in said
    assert f"#{refund.pk}" in said
    assert not (tmp_path / "export").exists()
    cooperative.refresh_from_db()
    assert cooperative.archived_at is None


@pytest.mark.parametrize("where", ["write", "check", "manifest"])
def test_interrupted_anywhere_it_is_run_again(leaving, tmp_path, monkeypatch, where):
    cooperative = leaving[0]

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(*{
            "write": (cooperative_export, "_media", die),
            "check": (cooperative_export, "check", die),
            "manifest": (archiving.audit, "record", die),
        }[where])  # fmt: skip
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    cooperative.refresh_from_db()
    assert cooperative.archived_at is None
    for _again in range(2):
        run(tmp_path)
    cooperative.refresh_from_db()
    assert cooperative.archived_at is not None
    with within(cooperative):
        assert AuditEntry.objects.count() == 1


def test_an_export_that_lacks_anything_closes_nothing(leaving, tmp_path):
    cooperative = leaving[0]
    with within(cooperative):
        cooperative_export.write(cooperative, tmp_path)
        cooperative_export.check(cooperative, tmp_path)
        ledger = tmp_path / "tables/pledges.ledgerentry.csv"
        ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:-1]))
        with pytest.raises(cooperative_export.Incomplete):
            cooperative_export.check(cooperative, tmp_path)
        cooperative_export.write(cooperative, tmp_path)
        next((tmp_path / "pages/en").glob("*.json")).unlink()
        with pytest.raises(cooperative_export.Incomplete):
            cooperative_export.check(cooperative, tmp_path)


def test_it_takes_nobody_s_address_any_more(leaving, on_host, monkeypatch):
    """« Prévenez-moi » of what is announced, the news of what is over, and of what is sold late."""
    cooperative, campaign, _pledge, _refund = leaving
    client, data = on_host(cooperative), {"email": "camille@exemple.example", "language": "fr"}
    announced = make_announced(cooperative, title="Un four", slug="un-four")
    with within(cooperative):
        link = reverse("campaign_news_confirm", args=[news_token(campaign, make_backer(cooperative))])
        before = Backer.objects.count()
    forms = [
        reverse("campaign_notify", args=[announced.pk]),
        reverse("campaign_news", args=[campaign.pk]),
        reverse("resuming", args=[campaign.pk]),
    ]
    monkeypatch.setattr("campaigns.lifecycle.takes_late_pledges", lambda *args: True)
    monkeypatch.setattr("pledges.late_pledges.are_offered", lambda *args: True)
    pages = [page.full_url.removeprefix("http://meule.localhost") for page in CampaignPage.objects.live()]
    assert len(pages) == 4 and client.get(link).status_code == 200
    assert sum("prevenez-moi" in client.get(page).content.decode() for page in pages) == 1
    Cooperative.objects.filter(pk=cooperative.pk).update(archived_at=clock.now())
    for form in forms:
        answer = client.post(form, data)
        assert (answer.status_code, answer["Location"].endswith("/noted/")) == (302, False), form
        assert 'name="email"' not in client.get(form, follow=True).content.decode()
    assert client.post(link).status_code == 410
    for page in [*pages, reverse("contribute", args=[campaign.pk])]:
        shown = client.get(page).content.decode()
        for name in ("prevenez-moi", "notify-me", "/nouvelles/", 'name="email"'):
            assert name not in shown.replace("/nouvelles/rss", "").replace("/nouvelles/atom", ""), (page, name)
    with within(cooperative):
        assert (Backer.objects.count(), NewsConsent.objects.count()) == (before, 0)


def news_token(campaign, backer):
    return links.sign(subscribing.PURPOSE, f"{backer.pk}:{campaign.pk}:fr", lasts=subscribing.LASTS)
