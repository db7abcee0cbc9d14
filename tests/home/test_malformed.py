"""What no browser sends is read as far as it can be, and else refused: never a failure."""

import pytest

ENCODINGS = ["zlib", "base64", "rot13", "idna", "punycode", "undefined", "utf-16", "raw_unicode_escape", "none-such"]


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_form_is_utf_8_whatever_it_says(on_host, cooperative, encoding):
    kind = f"application/x-www-form-urlencoded; charset={encoding}"
    body = "email=%C3%A9&x=%ff"
    answer = on_host(cooperative).generic("POST", "/fr/contribuer/lien/?via=%C3%A9", body.encode(), content_type=kind)
    assert answer.status_code == 200
    assert answer.context["form"]["email"].value() == "é"
    assert answer.wsgi_request.GET["via"] == "é"


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
