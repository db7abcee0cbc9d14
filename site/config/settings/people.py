"""Who logs in, what they prove, and how long a session opens the admin."""

from datetime import timedelta

# Who logs in, and how: django-allauth. People come by invitation, are known by their address alone, and their admin's
# passwords are changed where Wagtail has it.
AUTHENTICATION_BACKENDS = ["home.log_in.second_factor.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "wagtailadmin_home"
LOGOUT_REDIRECT_URL = "account_login"
WAGTAILADMIN_LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "home.log_in.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "home.log_in.forms.LogInForm", "reauthenticate": "home.log_in.forms.PasswordAgainForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
MFA_ADAPTER = "home.log_in.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "home.log_in.forms.CodeForm",
    "reauthenticate": "home.log_in.forms.CodeAgainForm",
    "activate_totp": "home.log_in.forms.FirstCodeForm",
    "add_webauthn": "home.log_in.forms.PasskeyForm",
    "authenticate_webauthn": "home.log_in.forms.PasskeyProofForm",
    "reauthenticate_webauthn": "home.log_in.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an address was proved by the invitation that came to it
MFA_TOTP_TOLERANCE = 1  # telephones whose clock is half a minute off
# Roles that log in with a second factor, and "superuser".
SECOND_FACTOR_REQUIRED_FOR: tuple[str, ...] = ("treasurer", "owner", "superuser")
# What gives money back or away, and lists of people, ask who it is again after this long; None: never.
RECENT_LOGIN_WITHIN: timedelta | None = timedelta(minutes=15)
# A session asks again who is there after this long without a request, and after this long in any case; None: never.
SESSION_ASKS_AFTER_IDLE: timedelta | None = timedelta(hours=12)
SESSION_ASKS_AFTER: timedelta | None = timedelta(days=14)
# Of people who log in: asked wherever a password is chosen (an invitation accepted, the account, a new password).
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "home.log_in.passwords.NotOurNames"},
]
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60
