"""The settings of the tests: like `make run`, with a data folder of their own."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TREMPLIN_DATA", tempfile.mkdtemp(prefix="tremplin-test-"))

from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, DATABASES, STATIC_ROOT

DEBUG = False
SECRET_KEY = "tests-only"
PLATFORM_HOST = "tremplin.localhost"
SECURITY_CONTACT = "securite@tremplin.example"
ALLOWED_HOSTS = ["*"]
STRIPE_SECRET_KEY = "sk_test_tremplin"
STRIPE_WEBHOOK_SECRET = "whsec_tremplin_sandbox"
STRIPE_TEST_SECRET_KEY = "sk_test_tremplin"
STRIPE_TEST_WEBHOOK_SECRET = "whsec_tremplin_rehearsals"
REHEARSAL_HOST_SUFFIX = ".localhost"
STRIPE_RATE_LIMIT = 10_000.0  # the double has no limit
MAIL_CONNECTIONS = int(os.environ.get("MAIL_CONNECTIONS", "1"))  # in order; tests of many connections say so
CLOCK_FILE = Path(os.environ["TREMPLIN_CLOCK"]) if "TREMPLIN_CLOCK" in os.environ else None
SELF_CHECK_FROM_HOUR = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECOND_FACTOR_REQUIRED_FOR = ()  # most tests log their people in by force; those of the second factor switch it on
RECENT_LOGIN_WITHIN = None
SESSION_ASKS_AFTER_IDLE = SESSION_ASKS_AFTER = None  # as tests move the clock
PAGE_CACHE = False  # most tests never commit, and no page would hear of what they write
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # or each client looks through every folder of static files first
SUPPRESSION_KEY = "tests-only-marks"
MEDIA_ROOT = DATA_DIR / "media"
TEST_DATABASE = DATABASES["default"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
