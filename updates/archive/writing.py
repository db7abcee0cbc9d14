"""The archive of a cooperative's site, or of one campaign, as a folder: whole, or not there at all.

It is written beside its place under another name and takes its own in the end, so that a process that dies on the way
leaves nothing that looks finished. The same site written twice on one day gives the same files, but for `made_at` in
`manifest.json`.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from campaigns import queries
from campaigns.enums import PREPARING
from campaigns.models import Campaign, CampaignPage
from home import clock, formats
from home.languages import FRENCH, LANGUAGES, TAGS, text_of
from home.models import Cooperative
from home.tenancy import within
from pledges.fulfilment import today_in
from pledges.totals import Progress, progress_of_all
from updates.archive.addresses import INDEX, Extent, extent_of
from updates.archive.visiting import Visitor
from updates.archive.walking import PageFailed, Walk

#: The texts at its root, by language.
README = {"fr": "LISEZMOI.txt", "en": "README.txt"}
MANIFEST = "manifest.json"
CHUNK = 1024 * 1024


class ArchiveRefused(Exception):
    """There is nothing to write, or no place for it; the message says which."""


@dataclass(frozen=True)
class Figures:
    """A campaign in the list of files; amounts in minor units of its currency."""

    title_fr: str
    title_en: str
    state: str
    outcome: str
    currency: str
    goal_unit: str
    goal: int
    units: int
    pledged: int
    collected: int
    refunded: int
    backers: int


@dataclass(frozen=True)
class Written:
    """What an archive holds."""

    folder: Path
    pages: int
    files: int
    size: int


def campaign_at(cooperative: Cooperative, slug: str) -> Campaign:
    """The public campaign with a live page at this address, in either language. Raises ArchiveRefused."""
    with within(cooperative):
        homes = cooperative.site.root_page.get_translations(inclusive=True)
        pages = [page for home in homes for page in CampaignPage.objects.live().child_of(home).filter(slug=slug)]
        keys = [page.translation_key for page in pages]
        campaign = Campaign.objects.filter(translation_key__in=keys).exclude(state__in=PREPARING).first()
    if campaign is None:
        raise ArchiveRefused(f"{cooperative.name} has no public campaign at the address “{slug}”.")
    return campaign


def write_site(
    cooperative: Cooperative,
    to: Path,
    *,
    campaign: Campaign | None = None,
    told: Callable[[str], None] = lambda address: None,
) -> Written:
    """Write the archive to `to`, which must not exist. Raises ArchiveRefused.

    `told` hears of each address that was asked for.
    """
    _refuse_place(to)
    with within(cooperative):
        visitor = Visitor(cooperative)
        extent = extent_of(cooperative, visitor.request("/"), campaign)
        if not extent.pages:
            raise ArchiveRefused("Nothing of it is public: there is nothing to archive.")
        folder = Path(tempfile.mkdtemp(prefix=f".{to.name}-", suffix=".unfinished", dir=to.parent))
        try:
            walk = Walk(visitor, extent, folder, told)
            _fetch(walk)
            walk.relink(lambda address: _note(cooperative, address))
            written = _finish(cooperative, walk, campaign, to)
            folder.chmod(0o755)
            _refuse_place(to)
            folder.rename(to)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return written


def _fetch(walk: Walk) -> None:
    try:
        walk.fetch()
    except PageFailed as failed:
        raise ArchiveRefused(f"{failed} could not be read: nothing was written. The log says why.") from failed
    if not walk.pages:
        raise ArchiveRefused("Nothing of it is public: there is nothing to archive.")


def _refuse_place(to: Path) -> None:
    if os.path.lexists(to):
        raise ArchiveRefused(f"{to} is there already: nothing was written. Name a folder that is not there yet.")
    if not to.parent.is_dir():
        raise ArchiveRefused(f"There is no folder {to.parent} to write in.")


def _note(cooperative: Cooperative, address: str) -> str:
    with translation.override(_language_of(address)):
        return archive_words(cooperative)


def archive_words(cooperative: Cooperative) -> str:
    """« Cette page est une archive du 28 novembre 2026. » in the language that is active."""
    words = gettext("This page is an archive of %(date)s: nothing can be contributed or sent from it any more.")
    return words % {"date": formats.day(today_in(cooperative))}


def _language_of(address: str) -> str:
    code = address.split("/")[1]
    return code if code in LANGUAGES else FRENCH


def _finish(cooperative: Cooperative, walk: Walk, campaign: Campaign | None, to: Path) -> Written:
    """What stands at the root: the page that offers both languages, the texts, the list of all files."""
    folder, campaigns = walk.folder, _campaigns(cooperative, walk.extent)
    context = {
        "cooperative": cooperative,
        "campaign": campaign,
        "campaigns": campaigns,
        "pages": len(walk.pages),
        "languages": [_front(cooperative, walk, language, campaign) for language in LANGUAGES],
    } | _dress(walk)
    for name in (INDEX, "404.html"):
        (folder / name).write_text(render_to_string(f"updates/archive/{name}", context), "utf-8")
    for language, name in README.items():
        with translation.override(language):
            words = {"date": formats.day(today_in(cooperative)), "root": cooperative.root_url}
            text = render_to_string("updates/archive/readme.txt", context | words)
        (folder / name).write_text(text, "utf-8")
    return _write_manifest(cooperative, walk, campaigns, to)


def _front(cooperative: Cooperative, walk: Walk, language: str, campaign: Campaign | None) -> dict[str, str]:
    with translation.override(language):
        return {
            "tag": TAGS[language],
            "title": text_of(campaign, "title") if campaign else cooperative.name,
            "words": archive_words(cooperative),
            "url": walk.link(walk.extent.front(language), "/", INDEX) or "",
            "button": gettext("Read the archive in English"),
            "not_found": gettext("There is no page here."),
            "advice": gettext("This is an archive: what it does not hold is not kept elsewhere on this site."),
        }


def _dress(walk: Walk) -> dict[str, Any]:
    """The stylesheets and the icon of the first page, which are those of the page at the root too."""
    first = walk.folder / walk.names[walk.pages[0]]
    soup = BeautifulSoup(first.read_text("utf-8"), "html.parser")

    def named(selector: str) -> list[str]:
        found = [(first.parent / unquote(str(link["href"]))).resolve() for link in soup.select(selector)]
        return [path.relative_to(walk.folder.resolve()).as_posix() for path in found]

    icons = named('link[rel="icon"]')
    styles = named('link[rel="stylesheet"]:not([media="print"])')
    return {"styles": styles, "icon": icons[0] if icons else ""}


def _campaigns(cooperative: Cooperative, extent: Extent) -> list[Figures]:
    """Of each campaign of the archive, first to latest."""
    found = queries.campaigns_of(cooperative).filter(translation_key__in=extent.shown)
    shown = list(found.order_by("launched_at", "pk"))
    progress = progress_of_all(shown)
    return [_figures(progress[one.pk]) for one in shown]


def _figures(progress: Progress) -> Figures:
    campaign = progress.campaign
    return Figures(
        title_fr=campaign.title_fr,
        title_en=campaign.title_en,
        state=campaign.state,
        outcome=campaign.outcome,
        currency=campaign.currency,
        goal_unit=campaign.goal_unit,
        goal=campaign.goal,
        units=progress.units,
        pledged=progress.pledged,
        collected=progress.collected,
        refunded=progress.refunded,
        backers=progress.backers,
    )


def _write_manifest(cooperative: Cooperative, walk: Walk, campaigns: list[Figures], to: Path) -> Written:
    """Line by line: an archive may hold more files than one would keep in mind."""
    pages = Counter(_language_of(address) for address in walk.pages)
    head = {
        "made_at": clock.now().isoformat(timespec="seconds"),
        "cooperative": cooperative.slug,
        "name": cooperative.name,
        "site": cooperative.root_url,
        "pages": {language: pages[language] for language in LANGUAGES},
        "campaigns": [asdict(one) for one in campaigns],
    }
    count = size = 0
    with (walk.folder / MANIFEST).open("w", encoding="utf-8") as manifest:
        manifest.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "files": [')
        for path in _files(walk.folder):
            count, length = count + 1, path.stat().st_size
            row = {"path": path.relative_to(walk.folder).as_posix(), "bytes": length, "sha256": _digest(path)}
            manifest.write(f"{',' if size else ''}\n  {json.dumps(row, ensure_ascii=False)}")
            size += length
        manifest.write("\n ]\n}\n")
    return Written(to, len(walk.pages), count, size)


def _files(folder: Path) -> Iterator[Path]:
    """Every file but the manifest itself, folder by folder, in the order of their names."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names) if Path(place) / name != folder / MANIFEST)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
