"""The canary sees: without what holds cooperatives apart it finds leaks, and a view that forgets to ask is found."""

import pytest
from django.db import models

from home.admin_guard import OwnAdminMiddleware
from home.tenancy import ScopedManager
from tests.canary import walking
from tests.canary.asking import someone
from tests.canary.routes import is_about_a_row, walk

pytestmark = pytest.mark.long

#: At the least.
MANY = 20

narrowed = models.QuerySet.filter


def whoever(named):
    """The same conditions, without whose it is."""
    return {name: value for name, value in named.items() if name not in {"cooperative", "cooperative_id"}}


def test_without_the_scope_and_the_guard_leaks_are_found(ours, theirs, monkeypatch):
    """Whose a row is is asked by nothing, and Wagtail's groups reach as far as its model permissions would."""
    monkeypatch.setattr(ScopedManager, "get_queryset", models.Manager.get_queryset)
    monkeypatch.setattr(models.QuerySet, "filter", lambda rows, *args, **named: narrowed(rows, *args, **whoever(named)))
    monkeypatch.setattr(OwnAdminMiddleware, "process_view", lambda *args: None)
    ours.people["owner"].groups.add(*theirs.people["owner"].groups.all())
    about_rows = [route for route in walking.all_routes() if route.is_admin and is_about_a_row(route)]
    seen = walking.look(someone(ours, "owner"), ours, theirs, about_rows[::2])
    done = walking.act(someone(ours, "owner"), ours, theirs, about_rows[1::2], checked=False)
    print(seen, done)
    saying = [leak for leak in seen.leaks if leak.endswith("says the word")]
    changing = [leak for leak in done.leaks if "changes" in leak or "refers" in leak]
    assert min(len(saying), len(changing)) > MANY, (len(saying), len(changing))


def test_a_view_that_forgets_to_ask_whose_a_row_is_is_found(ours, theirs, settings):
    settings.ROOT_URLCONF = "tests.canary.leaking_urls"
    forgetful = [route for route in walk(settings.ROOT_URLCONF) if "leaky" in route.key]
    editor = someone(ours, "editor")
    seen = walking.look(editor, ours, theirs, forgetful)
    found = {leak.split()[0] + leak[leak.rindex(":") :] for leak in seen.leaks}
    assert found == {"leaky: opens", "leaky_list: says the word"}
    done = walking.act(editor, ours, theirs, [route for route in forgetful if route.key == "leaky_act"])
    assert {leak[leak.rindex(":") + 2 :] for leak in done.leaks} == {"changes home.Backer"}
