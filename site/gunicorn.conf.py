"""How gunicorn serves Tremplin: `gunicorn -c site/gunicorn.conf.py config.wsgi`."""

import os
from pathlib import Path

chdir = str(Path(__file__).resolve().parent)
bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 30
graceful_timeout = 6
accesslog = None
