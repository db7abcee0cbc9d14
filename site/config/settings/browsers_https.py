"""What browsers are told by an installation that is reached by HTTPS alone."""

import os

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# A browser takes a cookie of such a name from this very host alone, over HTTPS, and for all of it: no neighbour below
# the same domain can plant one.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
LANGUAGE_COOKIE_NAME = "__Host-language"  # none is set; none of another name is read
LANGUAGE_COOKIE_SECURE = True
MESSAGE_STORAGE = "home.message_cookie.HostStorage"

# A year, for the very hosts that are served: below a cooperative's own domain stand sites that are not ours, and may
# have no certificate. For an installation whose domain is all its own, HSTS_SUBDOMAINS=1; and for the list that
# browsers come with, which is hard to leave, HSTS_PRELOAD=1 as well.
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = os.environ.get("HSTS_SUBDOMAINS", "") == "1"
SECURE_HSTS_PRELOAD = os.environ.get("HSTS_PRELOAD", "") == "1"
# The two warnings about that choice. Every other one of `check --deploy` stands.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
