"""What Wagtail's admin and wagtail-localize say in English whatever their reader's language, said through gettext.

What they translate badly for Québec stands in `locale/fr`, in both catalogues (`# Override:`). Two texts that are
written into wagtail-localize's script are mended by `static/js/translation-editor.js`.
"""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms.auth import LoginForm as WagtailLoginForm
from wagtail_localize.models import StringTranslation

from home import formats


class LoginForm(WagtailLoginForm):
    """Wagtail leaves the label of the password to Django, which makes it from the field's name."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"placeholder": gettext_lazy("Enter password")}),
        strip=False,
    )


def comment_of(translated: StringTranslation) -> str:
    """In place of wagtail-localize's, which names the month in the server's language."""
    words = {
        StringTranslation.TRANSLATION_TYPE_MANUAL: _("Translated on %(date)s"),
        StringTranslation.TRANSLATION_TYPE_MACHINE: _("Proposed on %(date)s"),
    }
    return words[translated.translation_type] % {"date": formats.day(translated.updated_at.date())}


StringTranslation.get_comment = comment_of
