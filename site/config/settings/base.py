"""What every installation shares. Anything that differs is read from the environment."""

import os
import zoneinfo
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from config import ROOT
from config.settings.browsers import *  # noqa: F403
from config.settings.people import *  # noqa: F403
from home.logs.setting_up import logging_settings

DATA_DIR = Path(os.environ.get("TREMPLIN_DATA", ROOT / "var"))

INSTALLED_APPS = [
    "updates",
    "pledges",
    "campaigns",
    "home",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.settings",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtailmedia",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django_tasks",
    "django_tasks_db",
    "anymail",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "home.logs.request_ids.RequestIdMiddleware",
    "home.page_cache.middleware.PageCacheMiddleware",
    "home.web_policy.WebPolicyMiddleware",
    "home.middleware.HealthMiddleware",
    "home.kept_nowhere.KeptNowhereMiddleware",
    "home.middleware.KnownHostMiddleware",
    "home.middleware.CompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "home.middleware.CooperativeMiddleware",
    "home.body_limits.BodyLimitMiddleware",
    "home.cooperatives.twin_guard.TwinMiddleware",
    "home.admin_guard.OwnAdminMiddleware",
    "home.admin_guard.RefusalMiddleware",
    "home.malformed.AddressMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

CSRF_FAILURE_VIEW = "pledges.views.out_of_date.csrf_failed"
# How many proxies of ours stand before the server, each adding to X-Forwarded-For the address that it saw.
PROXIES_IN_FRONT = int(os.environ.get("PROXIES_IN_FRONT", "0"))

ROOT_URLCONF = "config.urls"
PLATFORM_URLCONF = "config.platform_urls"
# The host of the discovery page across cooperatives; empty: there is none.
PLATFORM_HOST = os.environ.get("PLATFORM_HOST", "")
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "home.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "home.lean_templates.loader.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["home.templatetags.house", "home.templatetags.picture_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "home.context_processors.house",
            ],
        },
    },
]

FORM_RENDERER = "home.admin_scripts.FormRenderer"

# Who stopped in the middle of a transaction holds nobody up for longer than this: nothing waits for the outside in one.
POSTGRES_OPTIONS = "-c jit=off -c idle_in_transaction_session_timeout=5min"
# How long a server that is gone without a word is waited for: to connect (seconds), to acknowledge (milliseconds).
POSTGRES_PATIENCE: dict[str, object] = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"


def database_from_environment() -> dict[str, object]:
    """PostgreSQL where `PGDATABASE` is set (libpq's own variables), else SQLite in the data folder."""
    if name := os.environ.get("PGDATABASE"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
            "USER": os.environ.get("PGUSER", ""),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # Every question here is of few rows: compiling one takes longer than answering it (measured: 260 ms of 3).
            # What is asked with each request is planned once a connection (home.prepared), not each time.
            "OPTIONS": {"options": POSTGRES_OPTIONS, "prepare_threshold": 3, **POSTGRES_PATIENCE},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "tremplin.sqlite3",
        # Opening it anew for each request, or for each look of a worker, costs more than most of what is asked of it.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
    }


DATABASES = {"default": database_from_environment()}

# One machine keeps its cache and its counts of attempts in files; several share a Redis.
REDIS_URL = os.environ.get("REDIS_URL", "")
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "home.file_cache.ForgivingFileCache",
        "LOCATION": DATA_DIR / "cache",
        # Counts of attempts stand here: none may be thrown out because there are many.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Public pages and their versions (home.page_cache): apart, as what is thrown out of it is made again.
    "pages": {
        "BACKEND": "home.file_cache.FileCache",
        "LOCATION": DATA_DIR / "pages",
        "OPTIONS": {"MAX_ENTRIES": 5_000},
    },
}
if REDIS_URL:
    _shared: dict[str, object] = {
        "LOCATION": REDIS_URL,
        # A page waits no longer than this for a Redis that is away.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0},
    }
    CACHES = {
        "default": _shared | {"BACKEND": "home.redis_cache.RedisCache", "KEY_PREFIX": "tremplin"},
        # Django's own says when Redis is away, and home.page_cache.store then makes pages without it.
        "pages": _shared | {"BACKEND": "django.core.cache.backends.redis.RedisCache", "KEY_PREFIX": "tremplin-pages"},
    }
# Whether public pages are kept for those who have no session, and how much of them in each web process (bytes).
PAGE_CACHE = os.environ.get("PAGE_CACHE", "1") == "1"
PAGE_CACHE_BYTES = int(os.environ.get("PAGE_CACHE_BYTES", str(16 * 1024 * 1024)))
# What stands in front and is told what was published: one of Wagtail's backends (HTTPBackend, CloudflareBackend,
# CloudfrontBackend, AzureCdnBackend), with its own settings as FRONT_CACHE_… (FRONT_CACHE_LOCATION=http://127.0.0.1:80).
FRONT_CACHE = os.environ.get("FRONT_CACHE", "")
WAGTAILFRONTENDCACHE_LANGUAGES: list[str] = []  # both addresses of what was published are told by us
WAGTAILFRONTENDCACHE: dict[str, dict[str, object]] = {}
if FRONT_CACHE:
    _told = {name: value for name, value in os.environ.items() if name.startswith("FRONT_CACHE_")}
    WAGTAILFRONTENDCACHE["default"] = {
        "BACKEND": f"wagtail.contrib.frontend_cache.backends.{FRONT_CACHE}",
        **{name.removeprefix("FRONT_CACHE_"): value for name, value in _told.items()},
    }

# Tasks wait in the database; or, with TASK_QUEUE=rq, in that Redis. `manage.py work` serves either.
TASKS: dict[str, dict[str, object]] = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
if os.environ.get("TASK_QUEUE") == "rq":
    INSTALLED_APPS.append("django_rq")
    TASKS = {"default": {"BACKEND": "home.task_queue.ForgivingRQBackend"}}
    # No task is cut short: a settlement may take hours, and holds its rows by leases.
    RQ_QUEUES = {"default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 24 * 3600, "DEFAULT_RESULT_TTL": 600}}

# Languages: French first. Formats are always the Canadian ones (home.formats).
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
WAGTAIL_I18N_ENABLED = True
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False
USE_TZ = True
TIME_ZONE = "America/Toronto"

# A CDN in front of what never changes ("https://static.example.org"); empty: each host serves its own.
STATIC_URL = os.environ.get("STATIC_HOST", "") + "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
# Pictures, films and documents in a bucket instead (S3, or what speaks like it), which every machine reads and writes.
# MEDIA_HOST is who shows its public part to browsers ("media.example.org": a CDN, or the bucket's own address).
MEDIA_BUCKET = os.environ.get("MEDIA_BUCKET", "")
MEDIA_HOST = os.environ.get("MEDIA_HOST", "")
MEDIA_STORAGE: dict[str, object] = {"BACKEND": "home.media_folder.MediaFolder"}
if MEDIA_BUCKET:
    MEDIA_STORAGE = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": MEDIA_BUCKET,
            "endpoint_url": os.environ.get("MEDIA_ENDPOINT") or None,
            "region_name": os.environ.get("MEDIA_REGION") or None,
            "custom_domain": MEDIA_HOST or None,
            "querystring_auth": False,
            "file_overwrite": False,
            "default_acl": None,
            # A file put in another's place has a name of its own, so what was fetched may be kept.
            "object_parameters": {"CacheControl": "public, max-age=2592000"},
        },
    }
STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Documents may be private: ours alone asks who reads them, wherever they lie.
WAGTAILDOCS_SERVE_METHOD = "serve_view"

WAGTAIL_SITE_NAME = "Tremplin"
# Who hears of a weakness (/.well-known/security.txt): an address of e-mail, or of a page. Empty: there is none.
SECURITY_CONTACT = os.environ.get("SECURITY_CONTACT", "")
WAGTAILADMIN_BASE_URL = os.environ.get("ADMIN_BASE_URL", "http://localhost:8000")
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAIL_WORKFLOW_ENABLED = True
WAGTAIL_FINISH_WORKFLOW_ACTION = "campaigns.finishing.leave_unpublished"
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILADMIN_USER_PASSWORD_RESET_FORM = "home.log_in.password_mails.PasswordResetForm"
# Some systems list names that browsers do not know, and the page of the account stops at them.
WAGTAIL_USER_TIME_ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
WAGTAILADMIN_PERMITTED_LANGUAGES = [("fr", "Français"), ("en", "English")]
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
if os.environ.get("PGDATABASE"):
    # Made by a migration of `campaigns`: French words by their stem, without accents. SQLite folds accents by itself.
    WAGTAILSEARCH_BACKENDS["default"]["SEARCH_CONFIG"] = "fr_unaccent"
WAGTAILIMAGES_IMAGE_MODEL = "wagtailimages.Image"
WAGTAILIMAGES_IMAGE_FORM_BASE = "home.image_forms.ImageForm"
# No SVG: it can hold a script. A telephone's finest photograph has 50 million pixels; unpacked, it takes 150 MB.
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpeg", "jpg", "png", "webp"]
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 50_000_000
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
# A video block has its own two hosts (campaigns.blocks.video), and asks nothing of them: no address that someone writes
# is ever fetched, so none is embedded by Wagtail either.
WAGTAILEMBEDS_FINDERS: list[dict[str, object]] = []
WAGTAILDOCS_DOCUMENT_FORM_BASE = "home.one_write.DocumentForm"
# Nothing that a browser would run where the admin is: no HTML, no SVG.
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odp", "ods", "odt", "pdf", "pptx", "txt", "vtt", "xlsx", "zip"]
WAGTAILMEDIA = {
    "VIDEO_EXTENSIONS": ["mp4", "m4v", "webm"],  # what browsers play
    "MEDIA_FORM_BASE": "home.videos.VideoForm",
}
TAGGIT_CASE_INSENSITIVE = True

# Stripe. The same client speaks to Stripe and to the sandbox: only the base address differs.
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")
# Rehearsals (« Campagne d’essai ») are paid in Stripe's test mode: a secret key of it (one that is not is refused), the
# secret of its own webhook endpoint at the same address, and another base where a sandbox stands in. Without a key no
# rehearsal starts.
STRIPE_TEST_SECRET_KEY = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
STRIPE_TEST_WEBHOOK_SECRET = os.environ.get("STRIPE_TEST_WEBHOOK_SECRET", "")
STRIPE_TEST_API_BASE = os.environ.get("STRIPE_TEST_API_BASE", "")
# Where rehearsals live: essai-<short name><suffix> (".essais.example.org"). Empty: beside the cooperative's own host,
# below the same domain. The name must lead here, and the server must accept it (ALLOWED_HOSTS).
REHEARSAL_HOST_SUFFIX = os.environ.get("REHEARSAL_HOST_SUFFIX", "")
# Seconds for which a call that is not answered is waited for: less than a settlement holds a payment (45).
STRIPE_TIMEOUT = float(os.environ.get("STRIPE_TIMEOUT", "25"))
PAYMENT_PROCESSOR_NAME = "Stripe"
# Calls a second that settlements may make, all workers together: a share of what Stripe publishes for the kind of key
# (pledges.pacing), or of the limit given here, as pages and webhooks call too.
STRIPE_RATE_LIMIT = float(os.environ.get("STRIPE_RATE_LIMIT", "0"))
STRIPE_RATE_SHARE = 0.8
# How many workers share one settlement.
SETTLEMENT_LANES = int(os.environ.get("SETTLEMENT_LANES", "4"))
# What the provider keeps of each payment, as the goal builder reckons it: a rate in hundredths of a percent, and a
# fixed part in minor units. An estimate for editors; the ledger only ever holds what was really kept.
PROCESSING_FEE_BASIS_POINTS = int(os.environ.get("PROCESSING_FEE_BASIS_POINTS", "290"))
PROCESSING_FEE_FIXED = int(os.environ.get("PROCESSING_FEE_FIXED", "30"))

# Mail. Any provider by anymail's own settings; SMTP otherwise.
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = os.environ.get("SMTP_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("SMTP_TLS", "") == "1"
# Seconds for which a provider that falls silent is waited for.
EMAIL_TIMEOUT = float(os.environ.get("SMTP_TIMEOUT", "20"))
# Connections to the provider that a worker keeps while it sends much; mails after which one is opened anew (0: none).
MAIL_CONNECTIONS = int(os.environ.get("MAIL_CONNECTIONS", "4"))
MAIL_PER_CONNECTION = int(os.environ.get("MAIL_PER_CONNECTION", "0"))
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "bonjour@tremplin.example")
MAIL_DOMAIN = os.environ.get("MAIL_DOMAIN", "tremplin.example")

# Every ANYMAIL_… variable is a setting of anymail's (ANYMAIL_POSTMARK_SERVER_TOKEN=…), its webhooks' keys included.
# ANYMAIL_WEBHOOK_SECRET ("name:password", several parted by commas) is what providers without a signature show.
ANYMAIL: dict[str, object] = {
    name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_") and value
}
if "WEBHOOK_SECRET" in ANYMAIL:
    ANYMAIL["WEBHOOK_SECRET"] = str(ANYMAIL["WEBHOOK_SECRET"]).split(",")

# What the page of the sending address tells cooperatives to put into their DNS: the domain that the provider's SPF is
# included by, and its DKIM selectors. DNS_SERVERS ("192.0.2.1:53", parted by commas): the machine's own if empty.
SPF_INCLUDE = os.environ.get("SPF_INCLUDE", "")
DKIM_SELECTORS = [one for one in os.environ.get("DKIM_SELECTORS", "").split(",") if one]
DNS_SERVERS = [one for one in os.environ.get("DNS_SERVERS", "").split(",") if one]

# What a cooperative's own domain points to: the name for its CNAME (the platform's host if empty), and the addresses
# for a name that cannot have one ("192.0.2.10,2001:db8::10"). Without addresses, those of the name are asked for.
HOST_TARGET = os.environ.get("HOST_TARGET", "")
HOST_ADDRESSES = [one for one in os.environ.get("HOST_ADDRESSES", "").split(",") if one]

# What marks of erased addresses are made with (home.privacy.marks): a secret of its own, which is never replaced, as
# no mark could be compared any more. Empty: SECRET_KEY, which --deploy complains of.
SUPPRESSION_KEY = os.environ.get("SUPPRESSION_KEY", "")
# Where the list of erasures stands that is applied again after a restore: outside of the database and its backups.
ERASURES_FILE = Path(os.environ.get("ERASURES_FILE", DATA_DIR / "erasures.jsonl"))

# A file that holds a number of seconds to add to the clock of the product. Only dev and test read it.
CLOCK_FILE: Path | None = None

# What a request may hold beside files. More than this at once is taken of the team alone (home.body_limits).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# One line of JSON each, or plain text; either without anybody's data (home.logs).
LOGGING = logging_settings(os.environ.get("LOG_FORMAT", "plain"))
# Whether the proxy in front sets X-Request-ID itself, whatever the visitor sent; else each request is named here.
REQUEST_ID_FROM_PROXY = os.environ.get("REQUEST_ID_FROM_PROXY", "") == "1"
# Where faults are told, if anywhere (needs sentry-sdk), and which version met them.
SENTRY_DSN = os.environ.get("SENTRY_DSN", "")
SENTRY_RELEASE = os.environ.get("SENTRY_RELEASE", "")
# Who is written to when a nightly check finds a fault, and weekly when none does; several parted by commas.
OPERATOR_EMAIL = [one.strip() for one in os.environ.get("OPERATOR_EMAIL", "").split(",") if one.strip()]
# From which hour on the checks of the night are made, where the installation is; None: never by themselves.
SELF_CHECK_FROM_HOUR: int | None = 3
# Shown by who reads /metrics (Authorization: Bearer …); without one, only this machine reads it.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
# Where backups are put, for who asks how old the latest one is.
BACKUP_DIR = os.environ.get("BACKUP_DIR", "")
# How long a migration waits for a table that is in use before it gives up (PostgreSQL).
MIGRATE_LOCK_SECONDS = int(os.environ.get("MIGRATE_LOCK_SECONDS", "5"))
