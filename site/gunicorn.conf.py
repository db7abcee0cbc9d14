"""How gunicorn serves Tremplin: `gunicorn -c site/gunicorn.conf.py config.wsgi`."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

chdir = str(Path(__file__).resolve().parent)
bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 30
graceful_timeout = 6
# "-" for the output, or a file; keys of signed links are masked in it.
accesslog = os.environ.get("ACCESS_LOG") or None
sys.path[:0] = [chdir, str(Path(chdir).parent)]
logger_class = "home.access_log.Logger"


def when_ready(_server: Any) -> None:
    """The application is loaded, no worker is made yet: what stands in memory now is shared by all of them.

    A collection writes to every object that it visits, and what is written to is shared no more: none visits these.
    """
    gc.collect()
    gc.freeze()
    # A page makes some ten thousand objects, nearly all of which are gone with it: looking for rings among them every
    # 700 found next to none.
    gc.set_threshold(10_000, 10, 10)
