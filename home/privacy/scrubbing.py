"""Taking someone's name, address and email out of what others wrote: pages and their versions, translations, logs.

What is looked for says home.privacy.naming, and where says the register (`searched`): only in the rows of their own
cooperative, or of the machine. Nothing is published and no version is made by it: rows are changed as they stand, each
by an UPDATE that asks whether it still says what was read, and the search finds them as they stand then. Doing it twice
is doing it once.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import JSONField, Q, QuerySet, TextField
from django.db.models.functions import Cast
from wagtail.admin.models import FormState
from wagtail.fields import StreamField
from wagtail.models import Page, Revision
from wagtail.search import index
from wagtail_localize.models import String, StringSegment, StringTranslation
from wagtail_localize.strings import StringValue

from home import clock
from home.log_in.recent_login import KEPT
from home.models import Cooperative
from home.privacy import naming, register
from home.privacy.scopes import rows_of
from home.privacy.words import Erased

#: The search's own tables are written by the search.
BY_THE_SEARCH = {"wagtailsearch.IndexEntry", "wagtailsearch.SQLiteFTSIndexEntry"}
CHUNK = 100
#: Rows that change while they are looked at are looked at again.
ROUNDS = 3


def take_out(words: list[str], cooperative: Cooperative) -> bool:
    """Take these out of all that the register has searched, in the cooperative's scope. True once none is found."""
    if not words:
        return True
    search = _Search(words, cooperative)
    return any(search.round() == 0 for _number in range(ROUNDS))


def not_said_before(words: list[str], cooperative: Cooperative, since: datetime) -> list[str]:
    """Without what a version of a page said before that moment, when nobody knew them: it is not their name there.

    Anybody may contribute under any name, and have it erased afterwards: “la farine” must not leave the pages by it.
    """
    versions = rows_of(Revision, cooperative).filter(created_at__lt=since)
    return [word for word in words if not _is_said(word, versions)]


def _is_said(word: str, versions: QuerySet[Any]) -> bool:
    pattern, runs = naming.pattern_of([word]), naming.runs_of([word])
    texts = versions.annotate(said_text=Cast("content", TextField()))
    if runs is not None:
        texts = texts.filter(_any(runs))
    read = texts.values_list("said_text", flat=True).iterator(chunk_size=CHUNK)
    return any(naming.without(text, pattern) != text for text in read)


class _Search:
    def __init__(self, words: list[str], cooperative: Cooperative) -> None:
        self.pattern, self.runs, self.cooperative = naming.pattern_of(words), naming.runs_of(words), cooperative

    def round(self) -> int:
        """Everything once: how many rows said something."""
        found = sum(self._column(model, name) for model, name in _columns())
        return found + self._strings() + self._drafts() + self._sessions()

    def _column(self, model: type[models.Model], name: str) -> int:
        changed = []
        for key, text in self._saying(rows_of(model, self.cooperative), name):
            cleaned = naming.without(text, self.pattern)
            if cleaned != text:
                _write(model, name, key, text, cleaned)
                changed.append(key)
        _index_again(model, changed)
        return len(changed)

    def _saying(self, rows: QuerySet[Any], name: str) -> Iterator[tuple[Any, str]]:
        """Keys and texts of the rows that may say something."""
        texts = rows.annotate(said_text=Cast(name, TextField())).exclude(said_text=None)
        if self.runs is not None:
            texts = texts.filter(_any(self.runs))
        yield from list(texts.order_by("pk").values_list("pk", "said_text").iterator(chunk_size=CHUNK))

    def _strings(self) -> int:
        """wagtail-localize keeps a string once for all pages, named by its hash: ours then say another one."""
        found = 0
        for key, text in self._saying(rows_of(String, self.cooperative), "data"):
            cleaned = naming.without(text, self.pattern)
            if cleaned != text:
                self._say_another(String.objects.get(pk=key), cleaned)
                found += 1
        return found

    def _say_another(self, was: String, cleaned: str) -> None:
        now = String.from_value(was.locale_id, StringValue(cleaned))
        segments = rows_of(StringSegment, self.cooperative).filter(string=was)
        segments.update(string=now)
        translations = rows_of(StringTranslation, self.cooperative).filter(translation_of=was)
        for one in translations:
            others = StringTranslation.objects.filter(translation_of=now, locale=one.locale_id, context=one.context_id)
            if others.exists():
                one.delete()
            else:
                StringTranslation.objects.filter(pk=one.pk).update(translation_of=now)
        is_said = StringSegment.objects.filter(string=was).exists()
        if not is_said and not StringTranslation.objects.filter(translation_of=was).exists():
            was.delete()

    def _drafts(self) -> int:
        """What the admin saved while someone typed, as a form sends it."""
        rows = rows_of(FormState, self.cooperative).values_list("pk", "data")
        keys = [key for key, data in rows.iterator(chunk_size=CHUNK) if naming.is_in_form(data, self.pattern)]
        FormState.objects.filter(pk__in=keys).delete()
        return len(keys)

    def _sessions(self) -> int:
        """A form that waits in a session for a proof of who sent it."""
        found = 0
        for row in Session.objects.filter(expire_date__gt=clock.now()).iterator(chunk_size=CHUNK):
            held = SessionStore().decode(row.session_data)
            if KEPT in held and naming.is_in_form(str(held[KEPT].get("body", "")), self.pattern):
                del held[KEPT]
                Session.objects.filter(pk=row.pk).update(session_data=SessionStore().encode(held))
                found += 1
        return found


def _columns() -> Iterator[tuple[type[models.Model], str]]:
    for model, name in register.columns(Erased.SEARCHED):
        if model is not String and model._meta.label not in BY_THE_SEARCH:
            yield model, name


def _any(runs: list[str]) -> Q:
    asked = Q()
    for run in runs:
        asked |= Q(said_text__icontains=run)
    return asked


def _write(model: type[models.Model], name: str, key: Any, was: str, now: str) -> None:
    """As text, past what a field makes of it: a stream of blocks would be rendered and read again."""
    field: Any = model._meta.get_field(name)
    quote, own = connection.ops.quote_name, model._meta.pk
    table, column, key_column = (quote(str(one)) for one in (model._meta.db_table, field.column, own.column))
    is_json = isinstance(field, JSONField | StreamField)
    value = "%s::jsonb" if is_json and connection.vendor == "postgresql" else "%s"
    # Names of the schema alone stand in it, quoted; every value is a parameter.
    sql = f"UPDATE {table} SET {column} = {value} WHERE {key_column} = %s AND CAST({column} AS text) = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [_fitted(field, now), own.get_db_prep_value(key, connection), was])


def _fitted(field: Any, text: str) -> str:
    return text[: field.max_length] if field.max_length else text


def _index_again(model: type[models.Model], keys: list[Any]) -> None:
    if not keys or not index.class_is_indexed(model):
        return
    rows: Any = model._base_manager.filter(pk__in=keys)
    for row in rows.specific() if issubclass(model, Page) and hasattr(rows, "specific") else rows:
        index.insert_or_update_object(row)
