"""Files and rows that belong together: a file of no row is left over, a row without its file shows nothing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.apps import apps
from django.core.files.storage import default_storage
from django.db.models import FileField, Model
from django.utils.translation import gettext_lazy as _

from home import clock
from home.self_checks.registry import self_check

#: A file may stand for a while before its row is committed.
YOUNG = timedelta(hours=24)
CHUNK = 500

Held = tuple[type[Model], str]


@self_check(
    "files",
    _("Pictures, films and documents"),
    _("A file of no row may be removed. A row without its file: put the file back from the latest backup."),
)
def orphaned_files() -> Iterator[str]:
    """Both ways."""
    yield from _without_row()
    yield from _without_file()


def holding() -> list[Held]:
    """Every field of every model that holds a file of the media folder."""
    return [
        (model, field.name)
        for model in apps.get_models()
        if not model._meta.proxy
        for field in model._meta.local_fields
        if isinstance(field, FileField) and field.storage == default_storage
    ]


def _without_row() -> Iterator[str]:
    files = _files("")
    while some := list(islice(files, CHUNK)):
        known: set[str] = set()
        for model, name in holding():
            rows = model._base_manager.filter(**{f"{name}__in": some})
            known.update(rows.values_list(name, flat=True))
        yield from (f"{path}: a file of no row" for path in some if path not in known and not _is_young(path))


def _files(folder: str) -> Iterator[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        yield f"{folder}/{name}" if folder else name
    for inner in folders:
        yield from _files(f"{folder}/{inner}" if folder else inner)


def _is_young(path: str) -> bool:
    try:
        return default_storage.get_modified_time(path) > clock.now() - YOUNG
    except FileNotFoundError:  # removed meanwhile
        return True


def _without_file() -> Iterator[str]:
    """Pictures in other sizes are left out: they are made anew when they are asked for."""
    for model, name in holding():
        if model._meta.model_name == "rendition":
            continue
        rows = model._base_manager.exclude(**{name: ""}).exclude(**{f"{name}__isnull": True})
        for pk, path in rows.order_by("pk").values_list("pk", name).iterator(CHUNK):
            if not default_storage.exists(path):
                yield f"{model._meta.label}:{pk}: its file is gone ({path})"
