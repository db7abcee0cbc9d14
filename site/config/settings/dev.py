"""The settings of `make run`: one machine, the Stripe double and the mail inbox beside it."""

import os

from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, INSTALLED_APPS, SECOND_FACTOR_REQUIRED_FOR, STATIC_ROOT
from config.settings.browsers import PAYMENT_PAGES

INSTALLED_APPS = [*INSTALLED_APPS, "sandbox.demo"]

DEBUG = os.environ.get("DEBUG", "") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "tremplin-on-one-machine-not-for-production")
PLATFORM_HOST = "tremplin.localhost"
ALLOWED_HOSTS = ["*"]  # those that are a cooperative's: home.middleware.KnownHostMiddleware

PORT = int(os.environ.get("PORT", "8000"))
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "sk_test_tremplin")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "whsec_tremplin_sandbox")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", f"http://127.0.0.1:{PORT + 1}")
STRIPE_TEST_SECRET_KEY, STRIPE_TEST_WEBHOOK_SECRET = STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET
STRIPE_TEST_API_BASE = STRIPE_API_BASE
REHEARSAL_HOST_SUFFIX = ".localhost"
PAYMENT_PAGES = [*PAYMENT_PAGES, f"http://localhost:{PORT + 1}"]  # the pages of the double
STRIPE_RATE_LIMIT = 10_000.0  # the double has no limit
EMAIL_PORT = int(os.environ.get("SMTP_PORT", PORT + 3))
WAGTAILADMIN_BASE_URL = f"http://localhost:{PORT}"

# The demo's people log in by their password alone; SECOND_FACTOR=1 asks treasurers and owners for more, as production.
SECOND_FACTOR_REQUIRED_FOR = SECOND_FACTOR_REQUIRED_FOR if os.environ.get("SECOND_FACTOR") == "1" else ()

SELF_CHECK_FROM_HOUR = None  # manage.py self_check

SUPPRESSION_KEY = "tremplin-on-one-machine-not-for-production"
CLOCK_FILE = DATA_DIR / "clock"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
