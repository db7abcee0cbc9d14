"""/.well-known/security.txt: who hears of a weakness, at each kind of host."""

import pytest
import time_machine
from django.test import Client

pytestmark = pytest.mark.django_db
PATH = "/.well-known/security.txt"


@pytest.mark.parametrize("host", ["meule.localhost", "tremplin.localhost"])
@time_machine.travel("2026-11-28T12:00:00Z", tick=False)
def test_it_says_whom_to_tell(cooperative, settings, host):
    settings.SECURITY_CONTACT = "securite@tremplin.example"
    answer = Client(HTTP_HOST=host).get(PATH)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "Contact: mailto:securite@tremplin.example",
        "Expires: 2027-05-27T00:00:00Z",
        "Preferred-Languages: fr, en",
        f"Canonical: http://{host}{PATH}",
    ]


def test_a_page_may_be_named_and_nobody_need_be(cooperative, settings):
    client = Client(HTTP_HOST="meule.localhost")
    settings.SECURITY_CONTACT = "https://tremplin.example/faille"
    assert client.get(PATH).content.startswith(b"Contact: https://tremplin.example/faille\n")
    settings.SECURITY_CONTACT = ""
    assert client.get(PATH).status_code == 404
