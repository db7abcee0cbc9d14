"""Hosts: those of cooperatives, and no other, before anything reads the host."""

import pytest
from django.test import Client, override_settings

HSTS = {"SECURE_SSL_REDIRECT": True, "ALLOWED_HOSTS": ["*"]}


@pytest.mark.parametrize("host", ["evil.example", "meule.localhost.evil.example", "a b", "évil.example", ""])
def test_an_unknown_host_is_not_found_before_it_is_led_anywhere(cooperative, host):
    with override_settings(**HSTS):
        answer = Client(headers={"host": host}).get("/fr/")
    assert answer.status_code == 404
    assert "Location" not in answer


def test_a_cooperative_s_host_needs_no_list(cooperative, outsider):
    with override_settings(ALLOWED_HOSTS=["*"]):
        assert Client(headers={"host": "meule.localhost"}).get("/fr/").status_code == 200
    with override_settings(ALLOWED_HOSTS=["large.localhost"]):
        assert Client(headers={"host": "meule.localhost"}).get("/fr/").status_code == 400
        assert Client(headers={"host": "large.localhost"}).get("/fr/").status_code == 200
