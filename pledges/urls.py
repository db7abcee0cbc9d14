"""Addresses of the backer's way, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from pledges.views import (
    answering,
    arriving,
    changing,
    choosing,
    contribution,
    going_on,
    mending,
    own_data,
    own_email,
    own_settings,
    receipts,
    returning,
    surveying,
    wall,
    wishing,
)

urlpatterns = [
    path("<int:campaign_id>/", choosing.contribute, name="contribute"),
    path(_("<int:campaign_id>/review/"), choosing.review, name="contribute_review"),
    path(_("continue/<str:token>/"), going_on.go_on, name="contribute_continue"),
    path(_("<int:campaign_id>/wall/"), wall.show, name="wall"),
    path(_("<int:campaign_id>/paused/"), wishing.when_resumed, name="resuming"),
    path(_("<int:campaign_id>/paused/noted/"), wishing.resuming_noted, name="resuming_noted"),
    path(_("return/<uuid:key>/"), returning.returned, name="checkout_return"),
    path(_("left/<uuid:key>/"), returning.left, name="checkout_cancelled"),
    path(_("link/"), contribution.lost_link, name="contribution_link"),
    path(_("my/<str:token>/"), contribution.show, name="contribution"),
    path(_("my/<str:token>/cancel/"), contribution.cancel, name="contribution_cancel"),
    path(_("my/<str:token>/change/"), changing.change, name="contribution_change"),
    path(_("my/<str:token>/date/<int:promise_id>/"), answering.accept, name="contribution_accept"),
    path(_("my/<str:token>/refund/"), answering.refund, name="contribution_refund"),
    path(
        _("my/<str:token>/refund/<int:request_id>/withdraw/"), answering.withdraw, name="contribution_refund_withdraw"
    ),
    path(_("my/<str:token>/card/"), changing.card, name="contribution_card"),
    path(_("my/<str:token>/address/"), own_settings.address, name="contribution_address"),
    path(_("my/<str:token>/email/"), own_email.change, name="contribution_email"),
    path(_("email/<str:token>/"), own_email.confirm, name="email_confirm"),
    path(_("email/<str:token>/undo/"), own_email.undo, name="email_undo"),
    path(_("my/<str:token>/settings/"), own_settings.settings, name="contribution_settings"),
    path(_("my/<str:token>/arrival/<int:item_id>/"), arriving.arrival, name="contribution_arrival"),
    path(_("my/<str:token>/choices/<int:survey_id>/"), surveying.survey, name="contribution_survey"),
    path(_("my/<str:token>/receipt/<int:payment_id>/"), receipts.show, name="contribution_receipt"),
    path(_("my/<str:token>/receipt/<int:payment_id>.pdf"), receipts.pdf, name="contribution_receipt_pdf"),
    path(_("my/<str:token>/data/"), own_data.data, name="contribution_data"),
    path(_("my/<str:token>/erase/"), own_data.ask_to_erase, name="contribution_erase"),
    path(_("data/<str:token>/"), own_data.download, name="data_download"),
    path(_("erase/<str:token>/"), own_data.erase, name="data_erase"),
    path(_("my/<str:token>/pay/"), mending.mend, name="contribution_mend"),
    path(_("my/<str:token>/paid/"), mending.returned, name="contribution_mend_return"),
]
