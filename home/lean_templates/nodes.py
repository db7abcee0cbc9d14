"""Templates as functions: what Django has read of a template, made into one function of the context for each node.

The nodes stay where they are, for whoever looks at a template (blocks, inheritance); only how a list of nodes is
rendered changes. A kind of node that is not known here is rendered by itself.
"""

from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any
from uuid import UUID

from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.base import Node, NodeList, TextNode, VariableDoesNotExist, VariableNode
from django.template.defaulttags import CommentNode, ForNode, IfNode, LoadNode, URLNode, WithNode
from django.template.library import SimpleNode
from django.template.loader_tags import IncludeNode, construct_relative_path
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation.trans_real import catalog

from home.lean_templates.values import MISSING, NO_TEXT, NOTHING, condition, expression, shown

Render = Callable[[Any], str]
Part = Render | str

#: What addresses are made of, by which they are remembered.
KNOWN_BY = frozenset({int, str, SafeString, UUID})


class LeanList(NodeList):
    """A list of nodes that renders its `parts`: texts, and functions of the context."""

    def __init__(self, nodes: NodeList) -> None:
        super().__init__(nodes)
        self.contains_nontext = nodes.contains_nontext
        self.parts = [part for part in map(_part, nodes) if part != ""]

    def render(self, context: Any) -> SafeString:
        return SafeString("".join([part if part.__class__ is str else part(context) for part in self.parts]))  # type: ignore[operator]


def lean(nodes: NodeList) -> LeanList:
    """The same nodes, and all within them."""
    for node in nodes:
        for name in getattr(node, "child_nodelists", ()):
            within = getattr(node, name, None)
            if type(within) is NodeList and not isinstance(node, IfNode):
                setattr(node, name, lean(within))
        if isinstance(node, IfNode):
            node.conditions_nodelists = [(test, lean(within)) for test, within in node.conditions_nodelists]
    return LeanList(nodes)


def _part(node: Any) -> Part:
    make = MADE.get(type(node))
    return node.render_annotated if make is None else make(node)


def _whole(nodes: NodeList) -> Render:
    """Of a list that stands within another: its only part, if it has no more."""
    parts = nodes.parts if isinstance(nodes, LeanList) else None
    if parts is None:
        return nodes.render
    if not parts:
        return lambda context: ""
    if len(parts) > 1:
        return lambda context: "".join([part if part.__class__ is str else part(context) for part in parts])  # type: ignore[operator]
    only = parts[0]
    return (lambda context: only) if isinstance(only, str) else only


def _text(node: Any) -> Part:
    return str(node.s)


def _nothing(node: Any) -> Part:
    return ""


def _value(node: Any) -> Part:
    read = expression(node.filter_expression, NO_TEXT)

    def render(context: Any) -> str:
        try:
            value = read(context)
        except UnicodeDecodeError:
            return ""
        return shown(value, context)

    return render


def _if(node: Any) -> Part:
    branches = [
        (None if test is None else condition(test), _whole(within)) for test, within in node.conditions_nodelists
    ]

    def render(context: Any) -> str:
        for holds, within in branches:
            try:
                is_so = holds is None or holds(context)
            except VariableDoesNotExist:
                continue
            if is_so:
                return within(context)
        return ""

    return render


def _for(node: Any) -> Part:
    if len(node.loopvars) > 1:
        return node.render_annotated
    (name,), is_reversed = node.loopvars, node.is_reversed
    read, each, otherwise = expression(node.sequence, NOTHING), _whole(node.nodelist_loop), _whole(node.nodelist_empty)

    def render(context: Any) -> str:
        outer = context.get("forloop", MISSING)
        known: dict[str, Any] = {}
        context.dicts.append(known)
        try:
            values = read(context)
            if values is None:
                values = []
            if not hasattr(values, "__len__"):
                values = list(values)
            if (count := len(values)) < 1:
                return otherwise(context)
            known["forloop"] = loop = {"parentloop": {} if outer is MISSING else outer}
            done = []
            for index, value in enumerate(reversed(values) if is_reversed else values):
                loop["counter0"], loop["counter"] = index, index + 1
                loop["revcounter"], loop["revcounter0"] = count - index, count - index - 1
                loop["first"], loop["last"] = index == 0, index == count - 1
                known[name] = value
                done.append(each(context))
            return "".join(done)
        finally:
            context.dicts.pop()

    return render


def _with(node: Any) -> Part:
    reads = {name: expression(said, NO_TEXT) for name, said in node.extra_context.items()}
    within = _whole(node.nodelist)

    def render(context: Any) -> str:
        context.dicts.append({name: read(context) for name, read in reads.items()})
        try:
            return within(context)
        finally:
            context.dicts.pop()

    return render


def _include(node: Any) -> Part:
    """Of a name that stands in the template: it is found once. What is included has its own state, as in Django."""
    if node.template.is_var or node.template.filters or node.isolated_context:
        return node.render_annotated
    name = construct_relative_path(node.origin.template_name, node.template.var)
    reads = {key: expression(said, NO_TEXT) for key, said in node.extra_context.items()}
    found: list[Any] = []

    def render(context: Any) -> str:
        if not found:
            found.append(context.template.engine.select_template((name,)))
        template, state = found[0], context.render_context
        before = state.template
        context.dicts.append({key: read(context) for key, read in reads.items()})
        state.dicts.append({})
        state.template = template
        try:
            return template._render(context)
        finally:
            state.template = before
            state.dicts.pop()
            context.dicts.pop()

    return render


def _tag(node: Any) -> Part:
    func, name, is_told = node.func, node.target_var, node.takes_context
    reads = [expression(said, NO_TEXT) for said in node.args]
    named = {key: expression(said, NO_TEXT) for key, said in node.kwargs.items()}

    def render(context: Any) -> str:
        given = [read(context) for read in reads]
        if is_told:
            given.insert(0, context)
        found = func(*given, **{key: read(context) for key, read in named.items()})
        if name is not None:
            context.dicts[-1][name] = found
            return ""
        if type(found) is SafeString or not context.autoescape:
            return found
        return escape(found) if type(found) is str else conditional_escape(found)

    return render


def _translate(node: Any) -> Part:
    """A sentence without values is the same each time: it is made once for each catalogue."""
    said, told = node.filter_expression, node.message_context
    if said.filters or said.var.literal is None or (told is not None and (told.is_var or told.filters)):
        return node.render_annotated
    name = node.asvar
    known: dict[str | None, tuple[Any, str]] = {}

    def render(context: Any) -> str:
        catalogue = catalog()
        language = catalogue.to_language()
        found, text = known.get(language, (None, ""))
        if found is not catalogue:
            text = node.render(context)
            if name is not None:
                text = context[name]
            known[language] = catalogue, text
        if name is None:
            return text
        context.dicts[-1][name] = text
        return ""

    return render


def _sentence(node: Any) -> Part:
    if node.plural or node.message_context:
        return node.render_annotated
    words, names = node.render_token_list(node.singular)
    reads = {name: expression(said, NO_TEXT) for name, said in node.extra_context.items()}
    target = node.asvar

    def render(context: Any) -> str:
        values = {name: read(context) for name, read in reads.items()}
        told = {name: shown(values[name] if name in values else context.get(name, NO_TEXT), context) for name in names}
        try:
            text = translation.gettext(words) % told
        except (KeyError, ValueError):
            return node.render(context)
        if target is None:
            return text
        context.dicts[-1][target] = SafeString(text)
        return ""

    return render


def _address(node: Any) -> Part:
    """The address book of a process does not change: it is asked once for each address."""
    name = node.view_name
    if name.is_var or name.filters or ":" in name.var or node.kwargs:
        return node.render_annotated
    reads, target = [expression(said, NO_TEXT) for said in node.args], node.asvar

    def render(context: Any) -> str:
        url = _path(context, node, str(name.var), tuple([read(context) for read in reads]))
        if target is None:
            return escape(url) if context.autoescape else url
        context.dicts[-1][target] = url
        return ""

    return render


def _path(context: Any, node: Any, name: str, given: tuple[Any, ...]) -> str:
    kinds = tuple(map(type, given))
    try:
        if not KNOWN_BY.issuperset(kinds):
            return reverse(name, args=given)
        return _reversed(name, given, kinds, translation.get_language(), get_urlconf(), get_script_prefix())
    except NoReverseMatch:
        if node.asvar is None:
            raise
        return ""


@lru_cache(maxsize=4096)
def _reversed(name: str, given: tuple[Any, ...], *shape: Any) -> str:
    """`shape`: what else an address depends on."""
    return reverse(name, args=given)


def _static(node: Any) -> Part:
    """Under which name a file was kept is asked once of each storage."""
    if node.path.is_var or node.path.filters or node.varname is not None or type(node).url is not StaticNode.url:
        return node.render_annotated
    known: list[tuple[Any, str]] = []
    storage: Any = staticfiles_storage  # what stands behind it changes with the settings

    def render(context: Any) -> str:
        if known and known[0][0] is storage._wrapped:
            return known[0][1]
        url: str = node.render(context)
        known[:] = [(storage._wrapped, url)]
        return url

    return render


MADE: dict[type[Node], Callable[[Any], Part]] = {
    TextNode: _text,
    CommentNode: _nothing,
    LoadNode: _nothing,
    VariableNode: _value,
    IfNode: _if,
    ForNode: _for,
    WithNode: _with,
    IncludeNode: _include,
    SimpleNode: _tag,
    TranslateNode: _translate,
    BlockTranslateNode: _sentence,
    URLNode: _address,
    StaticNode: _static,
}
