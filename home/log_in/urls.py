"""Where the team logs in, and what it proves: those of django-allauth's addresses that are used, under its names.

They stand before Wagtail's own log-in, log-out and account, at the same addresses.
"""

from django.urls import path

from home.log_in import views as views
from home.log_in.account import account
from home.log_in.views import of_the_team

urlpatterns = [
    path("login/", views.log_in, name="account_login"),
    path("login/code/", views.prove, name="mfa_authenticate"),
    path("logout/", views.log_out, name="account_logout"),
    path("account/", account, name="wagtailadmin_account"),
    path("confirm/", views.prove_password_again, name="account_reauthenticate"),
    path("confirm/code/", views.prove_code_again, name="mfa_reauthenticate"),
    path("confirm/passkey/", views.prove_passkey_again, name="mfa_reauthenticate_webauthn"),
    path("two-step/", of_the_team(views.Index.as_view()), name="mfa_index"),
    path("two-step/application/", of_the_team(views.ActivateApplication.as_view()), name="mfa_activate_totp"),
    path("two-step/application/remove/", of_the_team(views.RemoveApplication.as_view()), name="mfa_deactivate_totp"),
    path("two-step/passkeys/add/", of_the_team(views.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path("two-step/passkeys/<int:pk>/remove/", of_the_team(views.RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("two-step/recovery-codes/", of_the_team(views.recovery_codes), name="mfa_view_recovery_codes"),
    path("two-step/recovery-codes/new/", of_the_team(views.RenewCodes.as_view()), name="mfa_generate_recovery_codes"),
    path("two-step/sessions/end/", of_the_team(views.end_other_sessions), name="end_other_sessions"),
    path("two-step/reset/<int:user_id>/", of_the_team(views.reset), name="second_factor_reset"),
]
