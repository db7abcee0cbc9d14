"""What gunicorn writes: in the format of all other lines, and of addresses no more than may be known.

Read by site/gunicorn.conf.py before the application is loaded: nothing here may need its settings.
"""

import logging
import os
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from home.logs.lines import FORMATS
from home.logs.masking import masked
from home.logs.request_ids import HEADER


def _default() -> str:
    """As the settings of the application have it, which are not loaded yet."""
    return "plain" if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith((".dev", ".test")) else "json"


class MaskingLogger(Logger):
    """gunicorn's own, but for how lines look. Whoever visits is not written, nor what their address asks for."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        lines = FORMATS[os.environ.get("LOG_FORMAT") or _default()]()
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(lines)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """One line a request, where ACCESS_LOG=1 (site/gunicorn.conf.py)."""
        if not self.cfg.accesslog:
            return
        path = masked(environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace"))
        facts = {
            "method": environ.get("REQUEST_METHOD", ""),
            "host": masked(environ.get("HTTP_HOST", "")),
            "path": path,
            "status": int(str(resp.status).split()[0]),
            "bytes": getattr(resp, "sent", 0),
            "ms": round(request_time.total_seconds() * 1000),
        }
        if name := dict(resp.headers).get(HEADER):
            facts["request"] = name
        said = f"{facts['method']} {facts['path']} {facts['status']} {facts['ms']} ms"
        self.access_log.log(logging.INFO, said.replace("%", "%%"), extra={"facts": facts})
