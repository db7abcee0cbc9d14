"""Tables that open in a spreadsheet as they are: separators of the language, no formula of a stranger, flat memory."""

import csv
import tracemalloc
from datetime import date
from io import StringIO

import pytest
from django.test import RequestFactory

from home.csv_files import Figure, amount_cell, csv_response, streamed
from home.models import AuditEntry
from home.tenancy import current_cooperative, within
from pledges.models import Pledge
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge


def read(rows, language="fr"):
    text = b"".join(streamed(["Un", "Deux"], rows, language)).decode()
    return text.removeprefix("\ufeff")


@pytest.mark.usefixtures("inside")
def test_french_parts_cells_by_a_semicolon_and_cents_by_a_comma():
    assert read([["Épicerie", amount_cell(125050, "fr")]]) == "Un;Deux\r\nÉpicerie;1250,50\r\n"


@pytest.mark.usefixtures("inside")
def test_english_parts_cells_by_a_comma_and_cents_by_a_point():
    assert read([["A, b", amount_cell(-5, "en")]], "en") == 'Un,Deux\r\n"A, b",-0.05\r\n'


@pytest.mark.usefixtures("inside")
def test_the_file_begins_with_the_mark_of_utf8():
    assert next(streamed(["Un"], [], "fr")).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1 514 555-0100",
        "-1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A",
        "\ufe661",
        "\u22121",
        '=HYPERLINK("https://x.example";"clic")',
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.usefixtures("inside")
def test_what_a_spreadsheet_takes_for_a_formula_is_text(text, language):
    body = read([[text, "x"]], language)
    (_header, row) = csv.reader(StringIO(body, newline=""), delimiter=";" if language == "fr" else ",")
    assert row == [f"'{text}", "x"]


@pytest.mark.usefixtures("inside")
def test_numbers_days_and_nothing_stay_what_they_are():
    assert read([[-3, date(2026, 10, 31)], [Figure("-1,5"), None]]) == "Un;Deux\r\n-3;2026-10-31\r\n-1,5;\r\n"


@pytest.mark.usefixtures("inside")
def test_plain_text_is_left_alone():
    assert read([["L’été – 5 = 3", "a@b.example"]]) == "Un;Deux\r\nL’été – 5 = 3;a@b.example\r\n"


def test_rows_are_read_in_the_scope_of_the_view_after_it_ended(campaign):
    make_pledge(campaign)

    def rows():
        for pledge in Pledge.objects.all():
            yield [str(pledge.amount), pledge.items.get().title]

    with within(campaign.cooperative):
        asked = RequestFactory().get("/")
        asked.cooperative, asked.user = campaign.cooperative, make_user(campaign.cooperative)
        response = csv_response("x.csv", ["Un"], rows(), "fr", by=asked)
        assert AuditEntry.objects.values_list("act", "actor_id", "facts").get() == (
            "exported",
            asked.user.pk,
            {"file": "x.csv"},
        )
    assert current_cooperative() is None
    assert len(b"".join(response).decode().splitlines()) == 2
    assert current_cooperative() is None
    assert response.streaming
    assert response["Content-Disposition"] == 'attachment; filename="x.csv"'
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.usefixtures("inside")
def test_memory_does_not_grow_with_the_rows():
    def peak(count):
        tracemalloc.start()
        size = sum(len(piece) for piece in streamed(["Un"], ((f"rang {n}", n) for n in range(count)), "fr"))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, size

    peak(10)
    (small, _), (large, size) = peak(2_000), peak(40_000)
    assert size > 500_000
    assert large < small * 2
