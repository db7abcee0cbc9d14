"""What Wagtail's admin and wagtail-localize say in English whatever their reader's language, said through gettext.

What they translate badly for Québec stands in `locale/fr`, in both catalogues (`# Override:`). Two texts that are
written into wagtail-localize's script are mended by `static/js/translation-editor.js`.
"""

from django.utils.translation import gettext as _
from wagtail_localize.models import StringTranslation

from home import formats


def comment_of(translated: StringTranslation) -> str:
    """In place of wagtail-localize's, which names the month in the server's language."""
    words = {
        StringTranslation.TRANSLATION_TYPE_MANUAL: _("Translated on %(date)s"),
        StringTranslation.TRANSLATION_TYPE_MACHINE: _("Proposed on %(date)s"),
    }
    return words[translated.translation_type] % {"date": formats.day(translated.updated_at.date())}


StringTranslation.get_comment = comment_of
