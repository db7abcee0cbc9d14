"""A row in hand changed by one statement: what is told to the database is what it has, and only as long as it holds."""

from datetime import timedelta

from home import clock
from home.models import Backer
from home.rewriting import rewrite
from tests.factories.pledges import make_backer


def test_the_row_and_the_database_have_what_was_written(cooperative, inside, django_assert_num_queries):
    backer, other, now = make_backer(cooperative), make_backer(cooperative), clock.now()
    with django_assert_num_queries(1):
        assert rewrite(backer, name="Priya", erased_at=now) is True
    assert (backer.name, backer.erased_at) == ("Priya", now)
    assert list(Backer.objects.order_by("pk").values_list("name", "erased_at")) == [
        ("Priya", now),
        (other.name, None),
    ]


def test_nothing_is_written_where_it_is_not_what_it_is_said_to_be(cooperative, inside):
    backer, now = make_backer(cooperative, name="Rosalie"), clock.now()
    assert rewrite(backer, where={"language": "en", "erased_at": None}, name="Priya") is False
    assert rewrite(backer, where={"language": "fr", "erased_at": now}, name="Priya") is False
    assert (backer.name, Backer.objects.get().name) == ("Rosalie", "Rosalie")
    assert rewrite(backer, where={"language": "fr", "erased_at": None}, erased_at=now) is True
    assert rewrite(backer, where={"erased_at": None}, erased_at=now + timedelta(1)) is False
    assert rewrite(backer, where={"erased_at": now}, erased_at=None) is True
    assert (backer.erased_at, Backer.objects.get().erased_at) == (None, None)


def test_a_row_that_is_gone_is_not_written(cooperative, inside):
    backer = make_backer(cooperative)
    Backer.objects.all().delete()
    assert rewrite(backer, name="Priya") is False


def test_what_became_anothers_is_not_written(cooperative, outsider, inside):
    backer = make_backer(cooperative, name="Rosalie")
    backer.cooperative = outsider
    assert rewrite(backer, name="Priya") is False
    assert Backer.objects.get().name == "Rosalie"
