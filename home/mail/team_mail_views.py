"""« Régler mes courriels »: what someone of the team wants to be written about, in the cooperative of the host."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.mail import team_mails
from home.models import Role

ICON = "mail"


class ChoicesForm(forms.Form):
    wanted = forms.MultipleChoiceField(
        label=gettext_lazy("Send me"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["wanted"]
        field.choices = [(kind.key, kind.choice) for kind in team_mails.optional_kinds()]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*Role)
def choices(request: AdminRequest) -> HttpResponse:
    """GET shows them; POST keeps them."""
    unwanted = team_mails.unwanted_by(request.user, request.cooperative)
    wanted = [kind.key for kind in team_mails.optional_kinds() if kind.key not in unwanted]
    form = ChoicesForm(request.POST if request.method == "POST" else None, initial={"wanted": wanted})
    if request.method == "POST" and form.is_valid():
        team_mails.choose(request.user, request.cooperative, set(form.cleaned_data["wanted"]))
        messages.success(request, _("Your choice is kept."))
        return redirect("team_mails")
    context = furniture(_("Set my emails"), ICON) | {"form": form, "cooperative": request.cooperative}
    return TemplateResponse(request, "home/admin/team_mails.html", context)
