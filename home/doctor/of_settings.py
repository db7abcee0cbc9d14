"""Settings that are missing or let in too much. Asks nothing but the settings."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.utils.translation import gettext as _

from home.doctor.registry import Finding, advice, examine, problem

#: Shorter than that, or of fewer letters, a key can be guessed. As Django's own check has it.
KEY_LENGTH, KEY_LETTERS = 50, 5
#: Domains that nobody has: what the settings hold where nothing was said.
NOBODYS = ("example", "example.com", "example.org", "example.net", "invalid", "localhost", "test")


def is_nobodys(host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in NOBODYS)


def is_weak(key: str) -> bool:
    return len(key) < KEY_LENGTH or len(set(key)) < KEY_LETTERS or "not-for-production" in key


@examine
def keys() -> Iterator[Finding]:
    do = _("Set it to 50 random characters: docs/deploy/tremplin.env says how they are made.")
    if is_weak(settings.SECRET_KEY):
        yield problem("SECRET_KEY", _("It can be guessed: every signed link and session depends on it."), do)
    if any(is_weak(str(one)) for one in settings.SECRET_KEY_FALLBACKS):
        what = _("One of the former keys can be guessed, and is still believed.")
        yield problem("SECRET_KEY_FALLBACKS", what, _("Take it out; second factors encrypted by it are set anew."))
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 20:
        yield problem("METRICS_TOKEN", _("It can be guessed."), do)


@examine
def debugging() -> Iterator[Finding]:
    if settings.DEBUG:
        what = _("DEBUG is on: pages of faults show the code, the settings and what visitors typed.")
        yield problem("DEBUG", what, _("Set DJANGO_SETTINGS_MODULE to config.settings.production."))
    if settings.CLOCK_FILE is not None:
        what = _("The product’s clock can be set by a file: deadlines and debits would follow it.")
        yield problem("CLOCK_FILE", what, _("Set DJANGO_SETTINGS_MODULE to config.settings.production."))


@examine
def cookies_and_https() -> Iterator[Finding]:
    do = _("Set DJANGO_SETTINGS_MODULE to config.settings.production, which sets it.")
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        if not getattr(settings, name):
            yield problem(name, _("Sessions and forms may travel without encryption."), do)
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        if not getattr(settings, name).startswith("__Host-"):
            yield problem(name, _("Another site below the same domain could write this cookie."), do)
    if settings.SECURE_HSTS_SECONDS < 31_536_000:
        yield problem("SECURE_HSTS_SECONDS", _("Browsers are not told for a year to come by HTTPS alone."), do)


@examine
def proxies_and_hosts() -> Iterator[Finding]:
    if settings.SECURE_PROXY_SSL_HEADER and settings.PROXIES_IN_FRONT < 1:
        what = _("A proxy is believed about HTTPS, and none is said to stand in front: visitors could write it too.")
        do = _("Set it to the number of proxies of yours that a request passes.")
        yield problem("PROXIES_IN_FRONT", what, do)
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if "*" in origin or not origin.startswith("https://"):
            what = _("%(origin)s is trusted with every form, and may be others’ than yours.") % {"origin": origin}
            yield problem("CSRF_TRUSTED_ORIGINS", what, _("Name each origin in full, beginning with https://."))
    admin = urlsplit(settings.WAGTAILADMIN_BASE_URL)
    if admin.scheme != "https" or is_nobodys(admin.hostname or ""):
        what = _("Links in mails to the team lead to %(address)s.") % {"address": settings.WAGTAILADMIN_BASE_URL}
        yield problem("ADMIN_BASE_URL", what, _("Set it to an address of yours, beginning with https://."))


@examine
def mail_settings() -> Iterator[Finding]:
    backend = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if backend in ("console", "dummy", "filebased", "locmem"):
        what = _("No mail leaves: the mails are thrown away or kept here.")
        yield problem("EMAIL_BACKEND", what, _("Name your provider (docs/operations.md), or leave it out for SMTP."))
    if backend == "smtp" and settings.EMAIL_HOST_USER and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        what = _("The password of the mail provider travels without encryption.")
        yield problem("SMTP_TLS", what, _("Set SMTP_TLS=1."))
    for name, said in (("MAIL_DOMAIN", settings.MAIL_DOMAIN), ("DEFAULT_FROM_EMAIL", settings.DEFAULT_FROM_EMAIL)):
        if is_nobodys(said.rpartition("@")[2].strip("> ")):
            what = _("Mails name %(domain)s, which is nobody’s.") % {"domain": said}
            yield problem(name, what, _("Set it to a domain of yours, whose DNS names your provider."))
    if not settings.OPERATOR_EMAIL:
        what = _("Nobody is written to when a check of the night finds something wrong.")
        yield problem("OPERATOR_EMAIL", what, _("Set it to the address of whoever runs the installation."))
    if "anymail" in settings.EMAIL_BACKEND and not _tells_of_mails():
        what = _("Nothing proves the provider’s events: what becomes of mails stays unknown.")
        do = _("Set the provider’s signing key, or ANYMAIL_WEBHOOK_SECRET (docs/operations.md).")
        yield advice("ANYMAIL_WEBHOOK_SECRET", what, do)


def _tells_of_mails() -> bool:
    proofs = ("WEBHOOK_SECRET", "SIGNING", "WEBHOOK_KEY", "TRACKING")
    return any(proof in name for name in settings.ANYMAIL for proof in proofs)


@examine
def processes() -> Iterator[Finding]:
    for name, cache in settings.CACHES.items():
        if str(cache["BACKEND"]).rsplit(".", 1)[-1] in ("LocMemCache", "DummyCache"):
            what = _("Each process counts attempts for itself, or not at all: limits do not hold.")
            yield problem(f"CACHES[{name}]", what, _("Set REDIS_URL, or leave the cache in files."))
    if str(settings.TASKS["default"]["BACKEND"]).rsplit(".", 1)[-1] in ("ImmediateBackend", "DummyBackend"):
        what = _("Tasks do not wait for a worker: debits and mails run within a visitor’s request, or never.")
        yield problem("TASK_QUEUE", what, _("Leave it out (the database), or set it to rq."))


@examine
def framework() -> Iterator[Finding]:
    """What `check --deploy` says, in the framework's own words."""
    for found in run_checks(include_deployment_checks=True):
        if found.level >= WARNING and not found.is_silenced():
            do = str(found.hint or _("See manage.py check --deploy."))
            yield problem(str(found.id or found.obj or "check"), str(found.msg), do)
