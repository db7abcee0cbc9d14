"""A test that commits on PostgreSQL leaves nothing behind."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from tests import emptying
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge

#: A migration of its app makes it, and a flush loses it.
OF_A_MIGRATION = {("wagtail_localize", "submit_translation")}


def tables_with_rows():
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        return sorted(emptying.full(cursor, names))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_but_what_django_would_make_again(campaign):
    make_pledge(campaign, fee=100)  # rows of the ledger too, which refuses that they be deleted
    make_user(campaign.cooperative)
    assert len(tables_with_rows()) > 20
    permissions = set(Permission.objects.values_list("content_type__app_label", "codename"))
    kinds = set(ContentType.objects.values_list("app_label", "model"))
    emptying.empty()
    left = tables_with_rows()
    assert left == sorted(emptying.KEPT)
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
    assert tables_with_rows() == left
    made_again = set(Permission.objects.values_list("content_type__app_label", "codename"))
    assert made_again | OF_A_MIGRATION == permissions
    assert set(ContentType.objects.values_list("app_label", "model")) == kinds
