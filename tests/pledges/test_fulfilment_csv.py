"""Marking from a spreadsheet: shown line by line, written once confirmed, and once only."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from home import clock
from home.models import OutgoingMail
from home.tenancy import across_cooperatives, within
from pledges import fulfilment, fulfilment_csv
from pledges.enums import FulfilmentState, PledgeState
from pledges.fulfilment import today_in
from pledges.fulfilment_csv import MOST_BYTES, MOST_LINES, Unreadable
from pledges.models import PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.pledges.test_admin import english, login, said, text_of  # noqa: F401 (a fixture)

URL = "pledges_fulfilment_csv"
HEAD = "Numéro de la contrepartie;Numéro de la contribution;État;Transporteur;Lien de suivi;Date"


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, tiers=[tier("Chandail", 3000), tier("Pain", 2000, handover="pickup")])


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


@pytest.fixture
def editor(login):  # noqa: F811 (the fixture)
    return english(login("editor"))


def item_of(pledge):
    with within(pledge.cooperative):
        return pledge.items.order_by("pk").first()


def upload(client, text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return client.post(reverse(URL), {"file": SimpleUploadedFile("remise.csv", data)})


def confirm(client, text, expected, **fields):
    return client.post(reverse(URL), {"act": "confirm", "text": text, "expected": expected} | fields)


def states(campaign):
    with within(campaign.cooperative):
        return list(PledgeItem.objects.order_by("pk").values_list("state", "carrier", "tracking_url"))


def mails(campaign):
    with within(campaign.cooperative):
        return [(one.kind, one.facts["note"]) for one in OutgoingMail.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("encoding", "head", "sign"),
    [
        ("utf-8", HEAD, ";"),
        ("utf-8-sig", HEAD, ";"),
        ("cp1252", HEAD, ";"),
        ("utf-8", "Reward number,Contribution number,State,Carrier,Tracking link,Date", ","),
        ("utf-8", "  ETAT ;  numero de la contrepartie;x;transporteur", None),
    ],
)
def test_a_file_is_shown_then_confirmed_once(editor, campaign, encoding, head, sign):
    item = item_of(make_pledge(campaign, backer_name="Rosalie"))
    state = "Sent" if sign == "," else "Envoyée" if sign else "envoyee"
    cells = [str(item.pk), "", state, "Messagerie Élan", "https://p.example/1", ""]
    if sign is None:
        cells, sign = [state, str(item.pk), "", "Messagerie Élan"], ";"
    text = f"{head}\r\n{sign.join(cells)}\r\n"
    page = text_of(upload(editor, text, encoding))
    assert "Nothing is written yet. Sent: 1" in page and "1 person will get it: 1 in French, 0 in English." in page
    assert states(campaign) == [("not_started", "", "")] and mails(campaign) == []
    for _again in range(2):
        assert confirm(editor, text, 1, note="Merci de votre patience!").status_code == 302
    assert states(campaign)[0][:2] == ("sent", "Messagerie Élan")
    assert mails(campaign) == [("reward_sent", "Merci de votre patience!")]


def test_each_line_at_fault_is_named_in_the_reader_s_language_and_left_out(editor, campaign, rewards, outsider):
    shirt, bread = rewards
    good, again, fetched = (item_of(make_pledge(campaign, rewards=[(reward, 1)])) for reward in (shirt, shirt, bread))
    gone = item_of(make_pledge(campaign, rewards=[(shirt, 1)], state=PledgeState.CANCELLED))
    with across_cooperatives():
        foreign = item_of(make_pledge(make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000)])))
        fulfilment.mark([again.pk], FulfilmentState.SENT, by=None)
    tomorrow = today_in(campaign.cooperative) + timedelta(days=1)
    lines = [
        f"{good.pk};;sent;;;",
        f"{good.pk};;sent;;;",
        f"{again.pk};;sent;;;",
        f"{fetched.pk};;sent;;;",
        f"{gone.pk};;sent;;;",
        f"{foreign.pk};;sent;;;",
        f"{good.pk};999999;sent;;;",
        ";;sent;;;",
        f"{good.pk};;parti;;;",
        f"{again.pk};;delivered;;pas un lien;",
        f"{again.pk};;delivered;;;{tomorrow}",
        f"{again.pk};;delivered;;;31/10/2026",
        f"{again.pk};;returned;;;2001-01-01",
        f"{good.pk};;;;;",
        "²;;sent;;;",
        "",
    ]
    text = HEAD + "\n" + "\n".join(lines)
    page = text_of(upload(editor, text))
    for words in (
        "3 The same reward stands on line 2 already.",
        "5 This reward cannot be moved: handed over in another way.",
        "6 This reward cannot be moved: the contribution is not paid, or was cancelled.",
        f"7 There is no reward number “{foreign.pk}”.",
        "8 This reward belongs to another contribution.",
        "9 Write the number of a reward or of a contribution.",
        "10 “parti” is no state. Write one of these: “Being made”",
        "11 The tracking link is no complete web address.",
        "12 That day has not come yet.",
        "13 Write the date as 2026-10-31.",
        "14 This reward cannot be moved: something later is recorded.",
        "16 There is no reward number “²”.",
        "12 lines cannot be read and are left out.",
        "1 line says what is marked already: nothing changes.",
        "1 line has no state: nothing changes.",
        "Sent: 1",
    ):
        assert words in page, words
    before = states(campaign)
    assert confirm(editor, text, 1).status_code == 302
    assert [one for one, was in zip(states(campaign), before, strict=True) if one != was] == [("sent", "", "")]
    editor.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    assert "Écrivez le numéro d’une contrepartie ou d’une contribution." in text_of(upload(editor, text))


def test_a_contribution_moves_with_all_that_may_move(editor, campaign, rewards):
    pledge = make_pledge(campaign, rewards=[(rewards[0], 1), (rewards[1], 1)])
    text = f"{HEAD}\n;{pledge.pk};Envoyée;;;\n"
    assert confirm(editor, text, 1).status_code == 302
    assert [one[0] for one in states(campaign)] == ["sent", "not_started"]


def test_a_day_that_is_past_is_kept(editor, campaign):
    item = item_of(make_pledge(campaign))
    day = today_in(campaign.cooperative) - timedelta(days=3)
    with within(campaign.cooperative):
        PledgeItem.objects.update(state_since=clock.now() - timedelta(days=30))
    confirm(editor, f"{HEAD}\n{item.pk};;sent;;;{day}", 1)
    with within(campaign.cooperative):
        kept = PledgeItem.objects.get()
        assert fulfilment.instant_of(day, campaign.cooperative).date() in (day, day + timedelta(days=1))
        assert kept.state_since == kept.left_at and kept.state_since < clock.now() - timedelta(days=2)
        assert OutgoingMail.objects.get().facts["date"] == day.isoformat()


def test_a_list_that_changed_meanwhile_is_shown_again(editor, campaign):
    one, two = (item_of(make_pledge(campaign)) for _one in range(2))
    text = f"{HEAD}\n{one.pk};;sent;;;\n{two.pk};;sent;;;"
    with within(campaign.cooperative):
        fulfilment.mark([two.pk], FulfilmentState.SENT, by=None)
    page = confirm(editor, text, 2, note="Un mot")
    assert "The list has changed in the meantime." in text_of(page)
    assert "Un mot" in page.content.decode()
    assert [state[0] for state in states(campaign)] == ["not_started", "sent"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The submitted file is empty."),
        (b"\xff\xfe" + "État".encode("utf-16-le"), "This file cannot be read. Save it as CSV (UTF-8)."),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "This file cannot be read. Save it as CSV (UTF-8)."),
        (b"a,b\n1,2", "The first line must name the columns: “State”"),
        (b"x" * (MOST_BYTES + 1), "This file is too large: at most 512 KB, and 5,000 lines at a time."),
        (b"item\n" * (MOST_LINES + 2), "This file is too large: at most 512 KB, and 5,000 lines at a time."),
    ],
)
def test_a_file_that_is_none_is_said_at_its_field(editor, data, words):
    response = upload(editor, data)
    assert response.status_code == 200 and words in text_of(response)


def test_a_confirmation_without_its_file_changes_nothing(editor, campaign):
    make_pledge(campaign)
    for text in ("", "nothing of ours", "\0"):
        assert confirm(editor, text, 1).status_code == 302
    assert states(campaign) == [("not_started", "", "")]


def test_the_file_to_fill_in_names_what_is_owed_and_can_be_read_again(editor, campaign, cooperative):
    item = item_of(make_pledge(campaign, backer_name="=Rosalie"))
    response = editor.get(reverse("pledges_fulfilment_csv_template"))
    data = b"".join(response.streaming_content)
    rows = fulfilment_csv.read(fulfilment_csv.text_of(data))
    assert rows == [
        {"item": str(item.pk), "pledge": str(item.pledge_id), "state": "", "carrier": "", "link": "", "day": ""}
    ]
    with within(cooperative), translation.override("fr"):
        assert fulfilment_csv.plan(rows, cooperative).empty == 1
    with pytest.raises(Unreadable):
        fulfilment_csv.read("")


def test_a_large_file_takes_few_queries(campaign, cooperative, django_assert_max_num_queries):
    with within(cooperative):
        items = [item_of(make_pledge(campaign)) for _one in range(3)]
        text = HEAD + "".join(f"\n{item.pk};;sent;;;" for item in items)
        with django_assert_max_num_queries(2):
            assert fulfilment_csv.plan(fulfilment_csv.read(text), cooperative).count == 3


@pytest.mark.parametrize("role", ["adviser", "treasurer", "nobody", "outsider"])
def test_others_open_and_change_nothing(login, role, campaign):  # noqa: F811
    item, client = item_of(make_pledge(campaign)), login(role)
    assert client.get(reverse(URL)).status_code == 302
    assert client.get(reverse("pledges_fulfilment_csv_template")).status_code == 302
    assert confirm(client, f"{HEAD}\n{item.pk};;sent;;;", 1).status_code == 302
    assert states(campaign) == [("not_started", "", "")]
