"""gunicorn's logs without the keys of signed links: not of the address asked for, not of the one before it."""

from typing import Any

from gunicorn import glogging

from home import links, log_keys


class Logger(glogging.Logger):  # type: ignore[misc]
    """What site/gunicorn.conf.py names."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:  # which says what was asked for where a worker fails
            handler.addFilter(log_keys.WithoutKeys())

    def atoms(self, *asked: Any) -> dict[str, Any]:
        found = super().atoms(*asked)
        return {name: links.masked(value) if isinstance(value, str) else value for name, value in found.items()}
