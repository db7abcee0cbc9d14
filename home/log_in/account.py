"""One's own account, on Wagtail's page: another address to log in with is asked for by its person, and told to them.

Whoever holds the address can have a password mailed to it, so that it is as much as a password.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from wagtail.admin.auth import require_admin_access
from wagtail.admin.forms.account import AvatarPreferencesForm, NameEmailForm
from wagtail.admin.views.account import AccountView, AvatarSettingsPanel, NameEmailSettingsPanel

from home.backing import email_key
from home.image_forms import ImageFileField
from home.log_in import recent_login
from home.log_in import watch as log_in_watch
from home.models import User


class OwnNameForm(NameEmailForm):
    def clean_email(self) -> str:
        """Addresses that differ by capitals only are one: whoever types it would log in as either."""
        address: str = self.cleaned_data["email"].strip()
        if address != self.instance.email and _is_taken(address, self.instance):
            raise ValidationError(_("Someone else logs in with this address."))
        return address


def _is_taken(address: str, user: User) -> bool:
    return User.objects.filter(email__iexact=email_key(address)).exclude(pk=user.pk).exists()


class OwnPictureForm(AvatarPreferencesForm):
    """Wagtail's, which takes whatever can be drawn, however large."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = self.fields["avatar"]
        self.fields["avatar"] = ImageFileField(label=taken.label, widget=taken.widget, required=False)


NameEmailSettingsPanel.form_class = OwnNameForm
AvatarSettingsPanel.form_class = OwnPictureForm


class Account(AccountView):
    def post(self, request: HttpRequest) -> HttpResponseBase:
        person: Any = request.user
        before = User.objects.get(pk=person.pk).email
        asked = request.POST.get(f"{NameEmailSettingsPanel.name}-email", before).strip()
        if asked != before and not recent_login.is_recent(request):
            messages.warning(request, _("Confirm that it is you, then send the form again: it could not be kept."))
            return recent_login.ask(request)
        with transaction.atomic():
            answer: Any = super().post(request)
            user = User.objects.get(pk=person.pk)
            if user.email != before:
                log_in_watch.address_changed(user, before)
        return answer


account = require_admin_access(Account.as_view())
