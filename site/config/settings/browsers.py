"""What browsers are told by every installation: cookies, and the hosts that pages may show something from.

The headers themselves stand in home.web_policy. What needs HTTPS stands in browsers_https, for production.
"""

import os

SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script of ours reads the cookie
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Where Stripe shows its pages: a form of ours that is answered by leading there is sent by browsers only if the policy
# of the page names the host. Another one where an account has a domain of its own for them ("pay.example.org").
PAYMENT_PAGES = [
    "https://checkout.stripe.com",
    *(f"https://{one}" for one in os.environ.get("PAYMENT_PAGE_HOSTS", "").split(",") if one),
]
