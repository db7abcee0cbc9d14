"""What people did is written once, with the act, and told to their own cooperative alone."""

import pytest
from django.db import transaction

from home import audit
from home.models import AuditEntry, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user

ACT = audit.act("tested", "Something tested", is_money=True)


def test_an_entry_says_who_did_what_about_what(cooperative):
    owner = make_user(cooperative, Role.OWNER, last_name="Roy")
    with within(cooperative):
        audit.record(ACT, cooperative=cooperative, by=owner, subject=cooperative, amount=500)
        entry = AuditEntry.objects.get()
    found = (entry.actor, entry.actor_name, entry.act, entry.subject, entry.facts)
    assert found == (owner, "Owner Roy <owner@meule.example>", ACT, f"cooperative:{cooperative.pk}", {"amount": 500})


def test_it_outlives_the_account_of_who_acted(cooperative):
    owner = make_user(cooperative, Role.OWNER)
    with within(cooperative):
        audit.record(ACT, cooperative=cooperative, by=owner)
        owner.delete()
        entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_name) == (None, "Owner <owner@meule.example>")


def test_it_is_undone_with_its_act(cooperative):
    with within(cooperative):
        with pytest.raises(RuntimeError), transaction.atomic():
            audit.record(ACT, cooperative=cooperative, by=None)
            raise RuntimeError
        assert AuditEntry.objects.count() == 0


def test_it_is_never_changed_nor_deleted(cooperative):
    with within(cooperative):
        entry = audit.record(ACT, cooperative=cooperative, by=None)
        entry.act = "other"
        with pytest.raises(TypeError):
            entry.save()
        with pytest.raises(TypeError):
            entry.delete()
        assert AuditEntry.objects.get().act == ACT


def test_another_cooperative_s_is_not_found(cooperative, outsider):
    with within(outsider):
        audit.record(ACT, cooperative=outsider, by=None)
    with within(cooperative):
        mine = audit.record(ACT, cooperative=cooperative, by=None)
        assert list(AuditEntry.objects.all()) == [mine]


def test_an_act_nobody_registered_is_refused(cooperative):
    with within(cooperative), pytest.raises(KeyError):
        audit.record("unheard-of", cooperative=cooperative, by=None)
    with pytest.raises(ValueError, match="an act already"):
        audit.act(ACT, "Something else")
