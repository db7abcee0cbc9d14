"""A drawn logo: rebuilt from what is harmless; whatever could act, call out or never end is refused or gone."""

import re

import pytest
from defusedxml.ElementTree import fromstring
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from home.brand import drawings

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 32"'


def svg(inside="", head=HEAD):
    return f"<svg {head}>{inside}</svg>".encode()


def refusal(data):
    with translation.override("en"):
        with pytest.raises(ValidationError) as raised:
            drawings.read(data)
        return raised.value.messages[0]


HARMFUL = "This drawing holds something that a logo does not need and that could do harm: {}. Remove it."
ENTITIES = "This drawing declares a document type or entities, which can do harm. Export it as plain SVG."
NOT_SVG = "This file could not be read as an SVG drawing."
TOO_MUCH = "This drawing is too complicated for a logo. Simplify it, or send it as PNG."
STYLE = HARMFUL.format("a style that is not taken")

HOSTILE = {
    "a script": (svg("<script>alert(1)</script>"), HARMFUL.format("<script>")),
    "a script of elsewhere": (svg('<script href="https://evil.example/x.js"/>'), HARMFUL.format("<script>")),
    "a handler": (svg('<rect onclick="alert(1)"/>'), HARMFUL.format("onclick")),
    "a handler of the root, in capitals": (svg(head=f'{HEAD} ONLOAD="alert(1)"'), HARMFUL.format("ONLOAD")),
    "HTML inside": (svg('<foreignObject><iframe xmlns="x"/></foreignObject>'), HARMFUL.format("<foreignObject>")),
    "a picture of elsewhere": (svg('<image href="https://evil.example/p.png"/>'), HARMFUL.format("<image>")),
    "a picture within": (svg('<image xlink:href="data:image/svg+xml;base64,PHN2Zz4="/>'), HARMFUL.format("<image>")),
    "a link that is a program": (svg('<a xlink:href="javascript:alert(1)"><rect/></a>'), HARMFUL.format("<a>")),
    "a shape of elsewhere": (
        svg('<use xlink:href="https://evil.example/s.svg#x"/>'),
        HARMFUL.format("href=“https://evil.example/s.svg#x”"),
    ),
    "a shape of a data address": (
        svg('<use href="data:image/svg+xml,x#x"/>'),
        HARMFUL.format("href=“data:image/svg+xml,x#x”"),
    ),
    "an animation that sets an address": (
        svg('<use href="#a"><set attributeName="href" to="javascript:alert(1)"/></use>'),
        HARMFUL.format("<set>"),
    ),
    "an animation": (svg('<rect><animate attributeName="x" values="0;9"/></rect>'), HARMFUL.format("<animate>")),
    "a filter": (svg('<filter id="f"><feImage href="https://evil.example"/></filter>'), HARMFUL.format("<filter>")),
    "a style that fetches": (svg("<style>@import url(https://evil.example/x.css);</style>"), STYLE),
    "a style that hides its name": (svg("<style>a{fill:u\\72l(https://evil.example)}</style>"), STYLE),
    "a font of elsewhere": (svg("<style>@font-face{src:url(https://evil.example/f)}</style>"), STYLE),
    "a style with an address": (svg('<rect style="fill:url(https://evil.example/#a)"/>'), HARMFUL.format("url(…)")),
    "an address cut in two": (svg("<style>a{fill:url(/*)*/https://e.example/)}</style>"), HARMFUL.format("url(…)")),
    "an unended address": (svg('<rect fill="url(https://evil.example"/>'), HARMFUL.format("url(…)")),
    "a set of pictures": (svg("<style>a{background:image-set('x' 1x)}</style>"), None),
    "an expression": (svg('<rect style="width:expression(alert(1))"/>'), None),
    "a colour that hides its name": (svg('<rect fill="u\\72l(https://evil.example)"/>'), None),
    "an entity": (b'<!DOCTYPE svg [<!ENTITY x "y">]>' + svg("&x;"), ENTITIES),
    "a file of the server's": (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("&x;"), ENTITIES),
    "a billion laughs": (
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>' + svg("&c;"),
        ENTITIES,
    ),
    "a document type alone": (b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://w3.org/svg.dtd">' + svg(), None),
    "uses of uses": (svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'), TOO_MUCH),
    "too many shapes": (svg("<rect/>" * 2_001), TOO_MUCH),
    "too deep": (svg("<g>" * 500 + "</g>" * 500), TOO_MUCH),
    "too heavy": (
        svg(" " * drawings.LARGEST),
        "This drawing is too heavy: at most 200 KB. Simplify it, or send it as PNG.",
    ),
    "a page": (b"<html><body><svg/></body></html>", NOT_SVG),
    "no namespace": (b'<svg viewBox="0 0 1 1"><script/></svg>', NOT_SVG),
    "no XML": (b"\x89PNG\r\n", NOT_SVG),
    "half a file": (svg("<rect/>")[:-4], NOT_SVG),
    "an unknown encoding": (b'<?xml version="1.0" encoding="nonsense"?>' + svg(), NOT_SVG),
    "no size": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "This drawing does not say its size (viewBox)."),
    "a size that is none": (svg(head=HEAD.replace("64", "nan")), "This drawing does not say its size (viewBox)."),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_could_do_harm_is_refused_and_named(what):
    data, expected = HOSTILE[what]
    said = refusal(data)
    assert expected in {None, said}


def test_what_programs_leave_for_themselves_is_left_out():
    data = b'<?xml-stylesheet href="https://evil.example/x.css"?>' + svg(
        '<!-- <script>1</script> --><metadata><x:RDF xmlns:x="y"><x:a onload="1"/></x:RDF></metadata>'
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'
        '<rect i:label="roue" xmlns:i="http://inkscape.org" data-x="1" width="3" tabindex="0"/>stray'
    )
    assert drawings.read(data).svg == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 32" width="64" height="32"><rect width="3" /></svg>'
    )


def test_what_a_logo_is_made_of_stays():
    inside = (
        "<title>La roue &amp; l’eau</title><defs><style>.a{fill:#1d1410;stroke:rgb(1,2,3)}</style>"
        '<linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>'
        '<clipPath id="c"><circle cx="8" cy="8" r="8"/></clipPath><path id="p" d="M0 0L8 8z"/></defs>'
        '<g class="a" clip-path="url(#c)" transform="matrix(1 0 0 1 2 2)"><use xlink:href="#p"/>'
        '<text x="1">Moulin <tspan font-weight="700">1974</tspan> encore</text><path fill="url(#g)" d="M1 1h3"/></g>'
    )
    drawn = drawings.read(svg(inside))
    expected = inside.replace("xlink:href", "href").replace("/>", " />")
    assert expected in drawn.svg
    assert (drawn.width, drawn.height) == (64, 32)
    assert drawings.read(drawn.svg.encode()) == drawn


def test_a_drawing_that_says_its_size_in_figures_alone_gets_a_view_box():
    drawn = drawings.read(b'<svg xmlns="http://www.w3.org/2000/svg" width="120.4px" height="40"/>')
    assert 'viewBox="0 0 120.4 40"' in drawn.svg


pieces = st.sampled_from(
    [
        *("script", "foreignObject", "image", "a", "set", "style", "rect", "g", "text", "use", "handler", "metadata"),
        *("{http://www.w3.org/1999/xhtml}iframe", "svg", "title", "iframe", "link"),
    ]
)
names = st.sampled_from(["onload", "href", "style", "fill", "id", "clip-path", "src", "xml:base", "class"])
values = st.sampled_from(
    ["#a", "url(#a)", "url( 'https://x.example' )", "javascript:1", "@import 'x'", "u\\72l(x)", "a{b:c}", "]]><script>"]
)


def written(tree):
    name, attributes, children = tree
    ours = name.rpartition("}")[2]
    head = f' xmlns="{name[1:].rpartition("}")[0]}"' if name.startswith("{") else ""
    said = "".join(f' {key}="{value.replace("<", "&lt;")}"' for key, value in attributes.items())
    return f"<{ours}{head}{said}>{''.join(map(written, children))}</{ours}>"


trees = st.recursive(
    st.tuples(pieces, st.dictionaries(names, values, max_size=2), st.just([])),
    lambda below: st.tuples(pieces, st.dictionaries(names, values, max_size=2), st.lists(below, max_size=3)),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=200, deadline=None)
def test_nothing_that_acts_is_ever_left(tree):
    try:
        drawn = drawings.read(svg(written(tree)))
    except ValidationError:
        return
    root = fromstring(drawn.svg)
    assert {one.tag.removeprefix(drawings.SVG) for one in root.iter()} <= drawings.ELEMENTS
    for one in root.iter():
        assert one.attrib.keys() <= drawings.ATTRIBUTES | {"href"}
        assert one.attrib.get("href", "#").startswith("#")
        assert not [value for value in one.attrib.values() if re.search(r"url\(\s*['\"]?[^#'\"\s]|\\", value)]
        if one.tag.endswith("style"):
            assert not re.search(r"url\(\s*['\"]?[^#'\"\s]|@|\\", one.text or "")
    assert drawings.read(drawn.svg.encode()) == drawn


@pytest.mark.parametrize(
    "inside",
    [
        '<clipPath id="a"><path clip-path="url(#b)" d="M0 0"/></clipPath>',
        '<clipPath id="a" clip-path="url(#b)"><path d="M0 0"/></clipPath>',
        '<clipPath id="a"><path style="Clip-Path:url(#b)" d="M0 0"/></clipPath>',
        '<style>.x,.y{fill:none;clip-path:url(#b)}</style><clipPath id="a"><path class="z y" d="M0 0"/></clipPath>',
        '<style>path{clip-path:url(#b)}</style><clipPath id="a"><path d="M0 0"/></clipPath>',
        '<path id="p" clip-path="url(#b)" d="M0 0"/><clipPath id="a"><use href="#p"/></clipPath>',
    ],
)
def test_what_clips_is_not_clipped_itself(inside):
    """Thirty such steps would be a billion shapes in each reader's browser."""
    with pytest.raises(ValidationError, match=r"compliqué|complicated"):
        drawings.read(svg(inside))


def test_one_step_of_clipping_is_what_drawing_programs_write():
    inside = '<style>.x{clip-path:url(#a)}</style><clipPath id="a"><path class="y" d="M0 0" /></clipPath>'
    assert inside in drawings.read(svg(inside + '<g class="x"/>')).svg
