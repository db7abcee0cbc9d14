"""What no browser sends is read as far as it can be, and else refused: never a failure."""

import io

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from django.urls import reverse

from config import ROOT
from home import malformed
from home.tenancy import within
from pledges.links import contribution_token
from tests.factories.pledges import make_pledge

ENCODINGS = ["zlib", "base64", "rot13", "idna", "punycode", "undefined", "utf-16", "raw_unicode_escape", "none-such"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "kind", ['application/x-www-form-urlencoded; charset="{}"', "multipart/form-data; CHARSET={};boundary=x"]
)
def test_a_form_is_utf_8_whatever_it_says(encoding, kind):
    environ = RequestFactory().generic("POST", "/fr/", b"", QUERY_STRING="via=%C3%A9&x=%ff").environ
    request = WSGIRequest(malformed.of_wsgi(environ | {"CONTENT_TYPE": kind.format(encoding)}))
    assert (request.GET["via"], request.GET["x"], request.encoding) == ("é", "\ufffd", None)
    assert request.content_type == kind.partition(";")[0]
    assert request.content_params == ({"boundary": "x"} if "boundary" in kind else {})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_same_of_the_other_entry(encoding):
    kind = f"application/x-www-form-urlencoded; charset={encoding}".encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"via=%C3%A9",
        "headers": [(b"content-type", kind)],
    }
    assert ASGIRequest(malformed.of_asgi(scope), io.BytesIO()).GET["via"] == "é"
    assert malformed.of_asgi({"type": "lifespan"}) == {"type": "lifespan"}


def test_both_entries_are_of_what_can_be_read():
    for name in ("wsgi", "asgi"):
        assert f"application = malformed.{name}(" in (ROOT / "site" / "config" / f"{name}.py").read_text()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/fr/a%00b/", "/%00", "/fr/campagnes/%00/", "/admin/pages/%00/", "/media/%00.png"])
def test_an_address_with_a_nul_leads_nowhere_and_asks_the_database_nothing_about_it(
    on_host, cooperative, path, django_assert_max_num_queries
):
    visitor = on_host(cooperative)
    visitor.get("/fr/nulle-part/")
    with django_assert_max_num_queries(10) as asked:
        assert visitor.get(path).status_code == 404
    assert not [query for query in asked if "\0" in query["sql"]]


@pytest.mark.parametrize(("number", "status"), [(2**63 - 1, 303), (2**63, 404), (10**200, 404)])
def test_a_number_past_the_last_row_leads_nowhere(on_host, cooperative, campaign, number, status):
    with within(cooperative):
        token = contribution_token(make_pledge(campaign))
    asked = reverse("contribution_accept", args=[token, number])
    assert on_host(cooperative).post(asked).status_code == status
