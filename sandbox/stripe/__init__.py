"""A stateful stand-in for the part of Stripe's HTTP API that Tremplin uses."""

API_VERSION = "2026-10-28.endive"
"""The one version spoken: the version the pinned `stripe` package pins."""

PLATFORM_ACCOUNT = "acct_1TremplinPlatform0"
"""The account that owns the platform key (application fees land here)."""

APPLICATION = "ca_TremplinSandboxApplication0000"
"""The platform's Connect application, as it appears on connected objects."""
