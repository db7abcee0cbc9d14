"""Everything of one cooperative, written to a folder: pages in both languages, every table of its rows, its media list.

    <folder>/pages/<language>/<id>-<slug>.json      the page online, and its latest draft where that differs
    <folder>/tables/<app>.<model>.csv               every model whose rows belong to a cooperative
    <folder>/media.csv                              images, documents and films, with their sizes
    <folder>/manifest.json                          written last: rows, sums and a checksum of each file

Nothing is read but by the cooperative's own scope. `check` reads the folder back and compares it with the database.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, F, Model, Sum
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, Page
from wagtailmedia.models import Media

from home.csv_files import BOM, Cell, Figure, streamed
from home.languages import ENGLISH
from home.models import Cooperative
from pledges.models import LedgerEntry, Pledge

OURS = ("home", "campaigns", "pledges", "updates")
#: Ours alone: leases, keys of calls, addresses that open something.
HIDDEN = frozenset({"lease_token", "lease_until", "stage", "token", "url", "attempt"})
CHUNK = 500
#: The text of a long update is one cell.
csv.field_size_limit(2**31 - 1)

Manifest = dict[str, Any]


class Incomplete(Exception):
    """What was written is not what is in the database; the message says where."""


def models_of_a_cooperative() -> list[type[Model]]:
    """Every model of ours whose rows belong to one, memberships included."""
    found = (model for label in OURS for model in apps.get_app_config(label).get_models())
    return [model for model in found if model is not Cooperative and _has_cooperative(model)]


def _has_cooperative(model: type[Model]) -> bool:
    return any(field.name == "cooperative" for field in model._meta.concrete_fields)


def write(cooperative: Cooperative, folder: Path) -> Manifest:
    """Call in its scope. What an earlier run left there is written over; the manifest is there when all is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    files = dict(_tables(cooperative, folder)) | dict(_pages(cooperative, folder))
    files["media.csv"] = _write_csv(folder / "media.csv", ["kind", "title", "file", "bytes"], _media(cooperative))
    sums = _sums(cooperative)
    manifest = {"cooperative": cooperative.slug, "name": cooperative.name, "files": files, "sums": sums}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return manifest


def check(cooperative: Cooperative, folder: Path) -> Manifest:
    """Read it all back, in the cooperative's scope. Raises Incomplete."""
    manifest: Manifest = json.loads((folder / "manifest.json").read_text())
    for name, said in manifest["files"].items():
        path = folder / name
        if not path.exists() or _checksum(path) != said["sha256"]:
            raise Incomplete(name)
        if name.endswith(".csv") and _rows_in(path) != said["rows"]:
            raise Incomplete(name)
    wanted = {_table_name(model): _rows_of(model, cooperative).count() for model in models_of_a_cooperative()}
    for name, count in wanted.items():
        if manifest["files"].get(name, {}).get("rows") != count:
            raise Incomplete(name)
    pages = sum(1 for name in manifest["files"] if name.startswith("pages/"))
    if pages != pages_of(cooperative).count():
        raise Incomplete("pages")
    if not manifest["sums"] == _sums(cooperative) == _sums_read(folder):
        raise Incomplete("sums")
    return manifest


# ------------------------------------------------------------------ parts


def pages_of(cooperative: Cooperative) -> Any:
    """Home pages in each language and all below them."""
    pages = Page.objects.none()
    for home in Page.objects.filter(translation_key=cooperative.site.root_page.translation_key):
        pages = pages | Page.objects.descendant_of(home, inclusive=True)
    return pages.order_by("path")


def _pages(cooperative: Cooperative, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for page in pages_of(cooperative).select_related("locale").specific().iterator(chunk_size=CHUNK):
        name = f"pages/{page.locale.language_code}/{page.pk}-{page.slug}.json"
        said = {"type": page._meta.label, "live": page.live, "page": page.serializable_data()}
        if page.has_unpublished_changes:
            said["draft"] = page.get_latest_revision_as_object().serializable_data()
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
        yield name, {"sha256": _checksum(path)}


def _table_name(model: type[Model]) -> str:
    return f"tables/{model._meta.label_lower}.csv"


def _rows_of(model: type[Model], cooperative: Cooperative) -> Any:
    return model._default_manager.filter(cooperative=cooperative)


def _tables(cooperative: Cooperative, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for model in models_of_a_cooperative():
        columns = [field.attname for field in model._meta.concrete_fields if field.name not in HIDDEN]
        rows = _rows_of(model, cooperative).order_by("pk").values_list(*columns).iterator(chunk_size=CHUNK)
        cells = ([_cell(value) for value in row] for row in rows)
        name = _table_name(model)
        yield name, _write_csv(folder / name, columns, cells)


def _cell(value: Any) -> Cell:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value.isoformat() if isinstance(value, date) else str(value)


def _media(cooperative: Cooperative) -> Iterator[list[Cell]]:
    collections = Collection.objects.filter(group_permissions__group__name__startswith=f"{cooperative.slug} · ")
    ids = set(collections.values_list("pk", flat=True))
    for kind, model in (("image", Image), ("document", Document), ("film", Media)):
        for one in model.objects.filter(collection__in=ids).order_by("pk").iterator(chunk_size=CHUNK):
            there = one.file.storage.exists(one.file.name)
            yield [kind, one.title, one.file.name, Figure(one.file.size) if there else "missing"]


def _write_csv(path: Path, header: list[str], rows: Iterable[list[Cell]]) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.writelines(streamed(header, rows, ENGLISH))
    return {"rows": _rows_in(path), "sha256": _checksum(path)}


# ------------------------------------------------------------------ proof


def _checksum(path: Path) -> str:
    with path.open("rb") as found:
        return hashlib.file_digest(found, "sha256").hexdigest()


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as found:
        found.read(len(BOM))
        yield from csv.DictReader(found)


def _rows_in(path: Path) -> int:
    return sum(1 for _row in _read(path))


def _sums(cooperative: Cooperative) -> dict[str, Any]:
    """Contributions by state, and the ledger by account; amounts in minor units."""
    pledges = Pledge.objects.filter(cooperative=cooperative).values("state").order_by("state")
    ledger = LedgerEntry.objects.filter(cooperative=cooperative).values("account", "currency").order_by("account")
    return {
        "pledges": {
            row["state"]: [row["n"], row["total"]] for row in pledges.annotate(n=Count("pk"), total=Sum(F("amount")))
        },
        "ledger": {f"{row['account']} {row['currency']}": row["total"] for row in ledger.annotate(total=Sum("amount"))},
    }


def _sums_read(folder: Path) -> dict[str, Any]:
    """The same, from the files alone."""
    pledges: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in _read(folder / _table_name(Pledge)):
        pledges[row["state"]][0] += 1
        pledges[row["state"]][1] += int(row["amount"])
    ledger: dict[str, int] = defaultdict(int)
    for row in _read(folder / _table_name(LedgerEntry)):
        ledger[f"{row['account']} {row['currency']}"] += int(row["amount"])
    return {"pledges": dict(pledges), "ledger": dict(ledger)}
