"""Trials of campaigns, and what must not move while they are lived through."""

from contextlib import contextmanager

from django.apps import apps

from home import outbox
from home.cooperatives import twins
from home.models import AuditEntry, OutgoingMail, Role
from home.tenancy import across_cooperatives, within
from pledges import trials
from tests.factories.reviews import make_draft, member

#: Kept by machines for machines, by Wagtail about all trees at once, or for a minute on someone's way to another host.
NOBODYS = {"sessions.Session", "pledges.RateBucket", "home.Crossing"}
BY_MACHINES = {"django_tasks_database", "django_tasks_db", "wagtailsearch", "modelsearch"}
SHARED = {"numchild", "last_login"}
#: Collections stand in the order of their names, so that any new one moves those after it.
IN_ORDER = {"wagtailcore.Collection": {"path"}}


def rows_of_everybody():
    """Every row there is, by model and key, without what trees say of their number of children."""
    found = {}
    with across_cooperatives():
        for model in apps.get_models():
            if model._meta.label in NOBODYS or model._meta.app_label in BY_MACHINES:
                continue
            left = SHARED | IN_ORDER.get(model._meta.label, set())
            names = [field.attname for field in model._meta.concrete_fields if field.attname not in left]
            for row in model._base_manager.values(*names):
                found[model._meta.label, row[model._meta.pk.attname]] = row
    return found


def owned_by(cooperative):
    """How many rows name the cooperative, by model, but for its log that a trial was begun."""
    counted = {}
    with across_cooperatives():
        for model in apps.get_models():
            is_owned = any(field.name == "cooperative" for field in model._meta.concrete_fields)
            if is_owned and model._meta.label not in NOBODYS:
                rows = model._base_manager.filter(cooperative=cooperative)
                if model is AuditEntry:
                    rows = rows.exclude(act=trials.BEGUN)
                counted[model._meta.label] = rows.count()
    return counted


@contextmanager
def nothing_real_moves(cooperative):
    """Whatever was there before is there as it was, and nothing is added to the cooperative."""
    before, owned = rows_of_everybody(), owned_by(cooperative)
    yield
    after = rows_of_everybody()
    moved = [(key, row, after.get(key)) for key, row in before.items() if after.get(key) != row]
    assert not moved, moved
    assert owned_by(cooperative) == owned


def begin(cooperative, **fields):
    """A trial of a draft of ours, led by its editor."""
    page = make_draft(cooperative, **fields)
    return trials.start(page, cooperative, by=member(cooperative, Role.EDITOR))


def twin(cooperative):
    return twins.twin_of(cooperative)


def mails(cooperative):
    with within(cooperative):
        return list(OutgoingMail.objects.order_by("pk"))


def send():
    outbox.send_due()
