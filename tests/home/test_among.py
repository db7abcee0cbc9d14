"""Asked by one parameter: the same rows as one by one, whatever the values hold."""

import pytest

from home import backing
from home.models import Backer
from home.tenancy import within

NAMES = ["plain@x.example", "o'hara@x.example", 'a"b\\c@x.example', "é{},@x.example", "%s@x.example"]


@pytest.fixture
def backers(cooperative):
    with within(cooperative):
        yield [backing.make(cooperative, email=name, name="", language="fr") for name in NAMES]


def found(**asked):
    return sorted(Backer.objects.filter(**asked).values_list("email_key", flat=True))


def test_texts(backers):
    assert found(email_key__among=NAMES) == found(email_key__in=NAMES) == sorted(NAMES)
    assert found(email_key__among=NAMES[1:3]) == sorted(NAMES[1:3])
    assert found(email_key__among=[]) == []


def test_numbers(backers):
    assert found(pk__among=[one.pk for one in backers[2:]] + [2**40]) == sorted(NAMES[2:])
