"""Whose rows are looked through for a name: each column that the register calls searched has its scope."""

import pytest

from home.privacy import naming, register, scopes
from home.privacy.scrubbing import BY_THE_SEARCH
from home.privacy.words import Erased


@pytest.mark.django_db
def test_each_searched_column_says_whose_its_rows_are(cooperative):
    for model, name in register.columns(Erased.SEARCHED):
        if model._meta.label not in BY_THE_SEARCH:
            assert scopes.rows_of(model, cooperative).values_list(name, flat=True).count() >= 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Merci à Zoé d’Arc!", "Merci à …!"),
        ("ZOÉ D'ARC, zoe@x.example", "…, …"),
        ("<b>Zoé&nbsp;d&#x27;Arc</b>", "<b>…</b>"),
        ("Zoé d’Arcand", "Zoé d’Arcand"),
        ("zoe@x.example.org", "zoe@x.example.org"),
        ('{"a": ["Zo\\u00e9 d\\u2019Arc"], "n": 1}', '{"a": ["\\u2026"], "n": 1}'),
        ('{"body": "[{\\"text\\": \\"Zo\\\\u00e9 d\'Arc\\"}]"}', '{"body": "[{\\"text\\": \\"\\\\u2026\\"}]"}'),
        ('{"a":   "kept as it was"}', '{"a":   "kept as it was"}'),
        ("[not JSON] Zoé d’Arc", "[not JSON] …"),
        ('"Zo\\u00e9 d’Arc"', '"\\u2026"'),
    ],
)
def test_a_name_is_found_however_it_is_written(text, left):
    assert naming.without(text, naming.pattern_of(["Zoé d’Arc", "zoe@x.example"])) == left


@pytest.mark.django_db
def test_what_names_others_too_is_not_looked_for(cooperative):
    cooperative.privacy_officer = "Mireille Dubé"
    words = ["Zoé", "Zoé d’Arc", " Mireille  Dubé", "z@x.ca", "", "Saint-Aurèle", "12, rang Deux", cooperative.name]
    assert naming.worth_looking_for(words, cooperative) == ["12, rang Deux", "Zoé d’Arc", "z@x.ca"]


def test_a_word_that_no_database_finds_has_every_row_read():
    assert naming.runs_of(["Zoé d’Arc"]) is None
    assert naming.runs_of(["Zoé Tremblay", "z@x.ca"]) == ["Tremblay", "z@x.ca"]
