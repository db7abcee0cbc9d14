"""Whatever a template says, it says the same as Django's own."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.template import Context, Engine
from django.utils import translation
from django.utils.safestring import SafeString

LIBRARIES = {"i18n": "django.templatetags.i18n", "static": "django.templatetags.static"}


class Thing:
    """What templates may ask."""

    name, price, none, empty = "<b> & ’", 1250, None, ""
    items = ("one", "two", "three")

    def called(self):
        return "called"

    def asks(self, _for):
        return "never"

    def erase(self):
        raise AssertionError("a template must not")

    erase.alters_data = True

    @property
    def lost(self):
        raise ObjectDoesNotExist

    @property
    def broken(self):
        raise AttributeError("of its own")

    def __str__(self):
        return "a <thing>"


VALUES = {
    "thing": Thing(),
    "text": "<i>",
    "safe": SafeString("<i>"),
    "number": 12345,
    "share": 0.5,
    "yes": True,
    "day": date(2026, 11, 1),
    "at": datetime(2026, 11, 1, 3, 0, tzinfo=UTC),
    "pairs": [("a", 1), ("b", 2)],
    "names": {"key": "value", "items": "an item"},
    "many": ["x", "y", "z"],
    "nothing": [],
    "callable": lambda: "given",
    "word": "inc",
}

TEMPLATES = [
    "{{ thing.name }}{{ text }}{{ safe }}{{ number }}{{ share }}{{ yes }}{{ day }}{{ at }}{{ thing }}{{ thing.none }}",
    "{{ thing.called }}{{ thing.asks }}{{ thing.erase }}{{ thing.lost }}{{ callable }}{{ callable.upper }}",
    "{{ missing }}{{ missing.part }}{{ thing.missing }}"
    "{{ thing.none.part }}{{ names.key }}{{ names.items }}{{ many.1 }}",
    "{{ many.9 }}{{ thing.items.0 }}{{ True }}{{ None }}{{ 12 }}{{ 'a<b' }}{{ _('Updates') }}",
    "{{ text|upper }}{{ safe|upper }}{{ missing|default:'none' }}{{ text|default:safe }}{{ at|date:'H:i e' }}",
    "{{ text|linebreaks }}{{ many|join:', ' }}{{ text|add:text }}{{ safe|add:safe }}{{ number|add:thing.price }}",
    "{% autoescape off %}{{ text }}{{ thing.name }}{{ text|linebreaks }}{% endautoescape %}",
    "{% if yes %}1{% endif %}{% if missing %}2{% else %}3{% endif %}{% if not missing.part %}4{% endif %}",
    "{% if missing or thing.none or thing.name %}1{% endif %}"
    "{% if yes and thing.empty %}2{% elif number > 5 %}3{% endif %}",
    "{% if 'x' in many %}1{% endif %}{% if 'q' not in many %}2{% endif %}{% if thing.none is None %}3{% endif %}",
    "{% if number == 12345 and text != safe %}1{% endif %}"
    "{% if text < 5 %}2{% endif %}{% if 1 in number %}3{% endif %}",
    "{% if missing in many %}1{% endif %}{% if not 1 in number %}2{% endif %}"
    "{% if thing.none is not None %}3{% endif %}",
    "{% for one in many %}{{ forloop.counter }}{{ forloop.last }}{{ one }}{% empty %}none{% endfor %}{{ one }}",
    "{% for one in many reversed %}{{ forloop.revcounter0 }}{{ one }}"
    "{% endfor %}{% for one in missing %}{% empty %}0{% endfor %}",
    "{% for a, b in pairs %}{{ a }}{{ b }}{% for c in many %}{{ forloop.parentloop.first }}{% endfor %}{% endfor %}",
    "{% for one in nothing %}{% empty %}none{% endfor %}{% for key in names %}"
    "{{ key }}{% endfor %}{% for one in thing.none %}{% endfor %}",
    "{% with a=thing.name b=missing %}{{ a }}{{ b }}"
    "{% if b %}1{% endif %}{% if b == '' %}2{% endif %}{% endwith %}{{ a }}",
    "{% include 'inc' %}{% include 'inc' with text='other' %}{% include 'inc' with number=3 only %}{% include word %}",
    "{% for one in many %}{% include './inc' with text=one %}"
    "{% endfor %}{% cycle 'a' 'b' as turn %}{% include 'turns' %}",
    "{% load i18n %}{% translate 'Updates' %}"
    "{% translate 'Share' context 'of the budget' %}{% translate 'Updates' as u %}{{ u }}",
    "{% load i18n %}{% translate text %}{% translate 'Updates'|upper %}"
    "{% translate '100%' %}{% translate 'Nobody <says> this' %}",
    "{% load i18n %}{% blocktranslate with n=thing.name %}About {{ n }} 100% {{ text }}"
    "{{ missing }}{% endblocktranslate %}",
    "{% load i18n %}{% blocktranslate asvar said %}Hello {{ text }}{% endblocktranslate %}{{ said }}",
    "{% load i18n %}{% blocktranslate count n=many|length %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}",
    "{% load static %}{% static 'css/base.css' %}"
    "{% static 'css/base.css' as address %}{{ address }}{% firstof missing text %}",
    "{% comment %}{{ text }}{% endcomment %}{# nothing #}{% spaceless %}<p> <b>{{ text }}</b> </p>{% endspaceless %}",
    "{% extends 'frame' %}{% block one %}{{ block.super }}{{ text }}"
    "{% endblock %}{% block two %}{% if yes %}{{ number }}{% endif %}{% endblock %}",
    "{% url 'javascript_catalog_of_nowhere' as none %}[{{ none }}]{% url word as other %}[{{ other }}]",
    "{% ifchanged text %}1{% else %}2{% endifchanged %}{% filter upper %}{{ text }}{% endfilter %}",
]
OTHERS = {
    "inc": "[{{ text }}{{ number }}{% if text %}{{ thing.name }}{% endif %}]",
    "turns": "{% for one in many %}{% cycle '1' '2' %}{% endfor %}",
    "frame": "<{% block one %}first {{ text }}{% endblock %}|{% block two %}second{% endblock %}>",
}


def _engine(loader):
    templates = OTHERS | {f"t{number}": text for number, text in enumerate(TEMPLATES)}
    inner = [("django.template.loaders.locmem.Loader", templates)]
    return Engine(loaders=[(loader, inner)], libraries=LIBRARIES)


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
@pytest.mark.parametrize("language", ["fr", "en", None])
def test_as_django_says_it(number, language):
    said = []
    for loader in ("django.template.loaders.cached.Loader", "home.lean_templates.loader.Loader"):
        template = _engine(loader).get_template(f"t{number}")
        with translation.override(language):
            said.append([template.render(Context(dict(VALUES))) for _time in range(2)])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "text", ["{{ thing.broken }}", "{% for a, b in many %}{% endfor %}", "{% include 'nowhere' %}"]
)
def test_fails_as_django_does(text):
    failed = []
    for loader in ("django.template.loaders.cached.Loader", "home.lean_templates.loader.Loader"):
        engine = Engine(loaders=[(loader, [("django.template.loaders.locmem.Loader", {"t": text})])])
        with pytest.raises(Exception) as caught:
            engine.get_template("t").render(Context(dict(VALUES)))
        failed.append((caught.type, str(caught.value)))
    assert failed[0] == failed[1]


def test_a_template_that_is_debugged_is_left_alone():
    loaders = [("home.lean_templates.loader.Loader", [("django.template.loaders.locmem.Loader", {"t": "{{ a }}"})])]
    kinds = [type(Engine(loaders=loaders, debug=debug).get_template("t").nodelist).__name__ for debug in (True, False)]
    assert kinds == ["NodeList", "LeanList"]
