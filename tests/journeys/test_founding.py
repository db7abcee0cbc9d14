"""A third cooperative founded beside a running server: it answers at once, in both languages, with no restart."""

import re
import shutil

import pytest
import requests

from tests.factories.founding import options
from tests.journeys.stack import Stack

PASSWORD = "courge-musquée-12"


@pytest.fixture
def server(tmp_path, migrated):
    """The web processes alone, over two cooperatives."""
    stack = Stack(tmp_path)
    shutil.copy(migrated, stack.database)
    for slug in ("meule", "large"):
        stack.manage("create_cooperative", *order(stack, slug))
    stack.environment["WEB_WORKERS"] = "2"
    try:
        stack.start("web", "-m", "gunicorn", "-c", "site/gunicorn.conf.py", "config.wsgi")
        stack.wait(f"http://127.0.0.1:{stack.port}/healthz")
        yield stack
    finally:
        stack.stop()


def order(stack, slug):
    changes = {"host": f"{slug}.coop.example", "owner_email": f"direction@{slug}.example", "name": slug.title()}
    return options(slug=slug, port=str(stack.port), **changes)


def ask(stack, session, path, slug="anse", method="get", **more):
    host = f"{slug}.coop.example:{stack.port}"
    headers = {"Host": host, "Origin": f"http://{host}"}
    url = f"http://127.0.0.1:{stack.port}{path}"
    return session.request(method, url, headers=headers, timeout=30, allow_redirects=False, **more)


def send(stack, session, path, **fields):
    """As a browser sends the form that stands there."""
    form = ask(stack, session, path)
    assert form.status_code == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
    return ask(stack, session, path, method="post", data=fields | {"csrfmiddlewaretoken": token})


@pytest.mark.long
def test_a_third_cooperative_is_usable_at_once(server):
    """Long by what it is about: the whole product starts five times, each in a process of its own."""
    reader = requests.Session()
    for slug in ("meule", "large"):  # every cache there is has been filled
        for language in ("fr", "en"):
            assert ask(server, reader, f"/{language}/", slug).status_code == 200
    assert ask(server, reader, "/fr/").status_code == 404

    said = server.manage("create_cooperative", *order(server, "anse"))
    for _turn in range(4):  # whichever process answers
        for language, line in (("fr", "Des courges, ensemble."), ("en", "Squash, together.")):
            html = ask(server, reader, f"/{language}/").text
            assert line in html
            links = re.findall(r'<li><a href="([^"]+)">', html.split("<footer")[1])
            assert len(links) == 5
            assert all(link.startswith(f"/{language}/") for link in links), links
            assert all(ask(server, reader, link).status_code == 200 for link in links)
    assert "Des courges" in ask(server, reader, "/fr/", "meule").text, "their own words are the same order’s"
    assert ask(server, reader, "/fr/", "nulle").status_code == 404

    owner = requests.Session()
    link = re.search(rf"http://anse\.coop\.example:{server.port}(/fr/invitation/\S+)", said)[1]
    assert ask(server, owner, link).status_code == 200
    about = {"first_name": "Ana", "last_name": "Roy", "password": PASSWORD}
    assert send(server, owner, link, **about).status_code == 302
    login = {"login": "direction@anse.example", "password": PASSWORD}
    assert send(server, owner, "/admin/login/", **login).headers["Location"] == "/admin/"
    for path in ("/admin/", "/admin/payment-account/", "/admin/pages/"):
        assert ask(server, owner, path).status_code == 200
