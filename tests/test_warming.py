import pytest
from django.urls import get_resolver

from config.warming import warm_up


@pytest.mark.django_db
def test_what_is_loaded_before_the_workers_asks_the_database_nothing(django_assert_num_queries):
    """A connection that several processes share mixes up their answers."""
    with django_assert_num_queries(0):
        warm_up()


def test_addresses_of_both_hosts_are_known_afterwards(settings):
    warm_up()

    assert all(get_resolver(name).reverse_dict for name in (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF))
