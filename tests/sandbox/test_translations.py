"""The check of the French catalogue: what it finds, what it leaves alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import polib
import pytest

from sandbox import translations
from sandbox.typography import english_faults, french_faults

NB = "\u00a0"
needs_gettext = pytest.mark.skipif(shutil.which("xgettext") is None, reason="xgettext is not installed: make services")


@pytest.mark.parametrize(
    "text",
    [
        f"L’objectif{NB}: 45{NB}$ (75{NB}%%) avant 23{NB}h{NB}59!",
        f"«{NB}Publier une nouvelle{NB}» ou non? Oui; voilà…",
        f"%(percent)s{NB}%% de %(goal)s, {{name}}",
        "<a href=\"https://example.org:80/?a='b'\">Voir l’adresse</a> · Québec",
        "12:30, contrepartie, contribution, part, pardon, donner suite",
    ],
)
def test_well_set_french_passes(text: str) -> None:
    assert french_faults(text, set()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("l'équipe", "straight apostrophe"),
        ('le "jalon"', "straight quotation mark"),
        ("Objectif : 10", "before :"),
        ("Objectif: 10", "before :"),
        ("%(percent)s %% atteint", "before %"),
        ("%(percent)s%% atteint", "before %"),
        ("45 $", "before $"),
        ("45$", "before $"),
        ("à 23 h 59", "before h"),
        (f"« nouvelle{NB}»", "after «"),
        (f"«{NB}nouvelle »", "before »"),
        ("Quoi ?", "space before"),
        (f"Merci{NB}!", "space before"),
        ("contributeur·trice", "gender"),
        ("inscrit(e)s", "gender"),
        (f"45\u202f$ et 3{NB}%", "narrow"),
        ("Faire un don", "word to avoid, don"),
        ("Veuillez choisir", "word to avoid, Veuillez"),
        ("Cliquez ici", "word to avoid, Cliquez"),
        ("Choisir un palier", "word to avoid, palier"),
        ("S’il vous plaît", "word to avoid, S’il vous plaît"),
        ("supporter la coopérative", "word to avoid, supporter"),
    ],
)
def test_badly_set_french_is_found(text: str, fault: str) -> None:
    assert any(fault in found for found in french_faults(text, set()))


def test_a_word_is_accepted_where_the_entry_says_so() -> None:
    entry = polib.POEntry(msgid="It is not a donation.", msgstr="Ce n’est pas un don.", tcomment="Allow: don, donation")
    assert translations.entry_faults(entry) == []
    entry.tcomment = ""
    assert len(translations.entry_faults(entry)) == 2


def test_american_english_is_found() -> None:
    assert english_faults("Your pledge was canceled", set()) == ["word to avoid, canceled"]
    assert english_faults("Your pledge was cancelled", set()) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "home" / "a.py").write_text(
        'ngettext("%(n)d backer", "%(n)d backers", 2)\npgettext("noun", "Pledge")\n'
    )
    (tmp_path / "templates" / "a.html").write_text("{% load i18n %}{% translate 'Funded' %}")
    return tmp_path


@pytest.fixture
def catalogue(project: Path) -> Path:
    return project / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def fill(path: Path) -> None:
    entries = polib.pofile(str(path))
    for entry in entries:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: "%(n)d personne", 1: "%(n)d personnes"}
        else:
            entry.msgstr = "Mot"
    entries.save()


@needs_gettext
def test_a_catalogue_is_complete_once_all_is_translated(project: Path, catalogue: Path) -> None:
    assert "does not exist" in translations.check(project, catalogue)[0]
    translations.update(project, catalogue)
    assert len(translations.check(project, catalogue)) == 3
    fill(catalogue)
    assert translations.check(project, catalogue) == []


@needs_gettext
def test_a_new_string_is_missing_until_the_catalogue_is_updated(project: Path, catalogue: Path) -> None:
    translations.update(project, catalogue)
    fill(catalogue)
    (project / "home" / "b.py").write_text('_("New")\n')
    assert translations.check(project, catalogue) == ["missing: “New” (home/b.py:1)"]
    translations.update(project, catalogue)
    assert translations.check(project, catalogue) == ["untranslated: “New” (home/b.py)"]


@needs_gettext
def test_updating_again_changes_nothing(project: Path, catalogue: Path) -> None:
    translations.update(project, catalogue)
    before = catalogue.read_text()
    translations.update(project, catalogue)
    assert catalogue.read_text() == before


@needs_gettext
def test_fuzzy_entries_and_wrong_placeholders_are_found(project: Path, catalogue: Path) -> None:
    translations.update(project, catalogue)
    fill(catalogue)
    entries = polib.pofile(str(catalogue))
    for entry in entries:
        if entry.msgid == "Funded":
            entry.flags.append("fuzzy")
        if entry.msgid_plural:
            entry.msgstr_plural = {0: "%(m)d personne", 1: "%(n)d personnes"}
    entries.save()
    found = "\n".join(translations.check(project, catalogue))
    assert "fuzzy: “Funded”" in found
    assert "format specification" in found


@needs_gettext
def test_an_override_of_somebody_elses_string_is_kept(project: Path, catalogue: Path) -> None:
    translations.update(project, catalogue)
    fill(catalogue)
    entries = polib.pofile(str(catalogue))
    entries.append(polib.POEntry(msgid="Newsletter", msgstr="Infolettre", tcomment="Override: Wagtail's"))
    entries.append(polib.POEntry(msgid="Gone", msgstr="Parti"))
    entries.save()
    translations.update(project, catalogue)
    kept = {entry.msgid: entry.obsolete for entry in polib.pofile(str(catalogue))}
    assert (kept["Newsletter"], kept["Gone"]) == (False, True)
    assert translations.check(project, catalogue) == []


def test_without_gettext_the_check_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(translations.shutil, "which", lambda name: None)
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    assert translations.main(["--check"]) == 0
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    assert translations.main(["--check"]) == 1
    assert "xgettext is not installed" in capsys.readouterr().err
