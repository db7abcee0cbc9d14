"""gunicorn's access log without the keys of signed links: not of the address asked for, not of the one before it."""

from typing import Any

from gunicorn import glogging

from home import links


class Logger(glogging.Logger):  # type: ignore[misc]
    """What site/gunicorn.conf.py names."""

    def atoms(self, *asked: Any) -> dict[str, Any]:
        found = super().atoms(*asked)
        return {name: links.masked(value) if isinstance(value, str) else value for name, value in found.items()}
