"""Passwords of the team: not what anyone would try first here."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from home.models import Role
from tests.factories.cooperatives import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "password", ["Tremplin2026!", "tremplin-tremplin", "La-Meule-commune-26", "Coopérative-99", "lameulecommune"]
)
def test_names_of_the_house_are_refused(cooperative, password):
    user = make_user(cooperative, Role.EDITOR)
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    assert "password_of_our_names" in [error.code for error in refused.value.error_list]


@pytest.mark.parametrize("password", ["un moulin sur la colline", "tremplin vers neuf rivieres", "x" * 64, "é" * 200])
def test_anything_else_of_ten_characters_is_taken(cooperative, password):
    validate_password(password, make_user(cooperative, Role.EDITOR))


def test_names_of_others_do_not_count(cooperative, outsider):
    validate_password(outsider.name + "-" + outsider.name, make_user(cooperative, Role.EDITOR))
