"""The product on many machines, on one: two web servers behind nginx, two workers, two ticks, PostgreSQL and Redis."""

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

from config import ROOT
from sandbox.postgres import PostgresMissing, postgres
from sandbox.redis import RedisMissing, redis
from tests.journeys.stack import Stack

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else None)


class Machines(Stack):
    """`port` is nginx's; the web servers listen on the sixth and seventh of the row."""

    webs = (5, 6)
    workers = 2

    def start_product(self):
        for number in self.webs:
            serve = ["-m", "gunicorn", "-c", "site/gunicorn.conf.py", "--no-control-socket", "config.wsgi"]
            self.start(f"web{number}", *serve, BIND=f"127.0.0.1:{self.port + number}")
        for number in range(self.workers):
            self.start(f"worker{number}", "manage.py", "work", "--interval", "0.1")
            self.start(f"tick{number}", "manage.py", "tick")
        self.start_nginx()
        for number in self.webs:
            self.wait(f"http://127.0.0.1:{self.port + number}/readyz", seconds=240)
        self.wait(f"http://127.0.0.1:{self.port}/readyz")

    def start_nginx(self):
        """The very file that docs/deploy.md gives, with this machine's ports and folders in place of its own."""
        text = (ROOT / "docs/deploy/nginx.conf").read_text()
        servers = "".join(f"server 127.0.0.1:{self.port + number};" for number in self.webs)
        for theirs, ours in (
            ("server 127.0.0.1:8001;", servers),
            ("listen 80;", f"listen 127.0.0.1:{self.port};"),
            ("/srv/tremplin/data/static/", f"{self.folder}/static/"),
            ("/srv/tremplin/cache", f"{self.folder}/nginx-cache"),
        ):
            assert theirs in text, theirs
            text = text.replace(theirs, ours)
        (self.folder / "nginx-cache").mkdir()
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        user = "user root; " if os.geteuid() == 0 else ""
        text = f"{user}daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;\n{text}"
        (self.folder / "nginx.conf").write_text(text)
        log = (self.folder / "nginx.out").open("ab")
        own = ["-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log"]
        self.processes["nginx"] = subprocess.Popen([NGINX, *map(str, own)], stdout=log, stderr=log, process_group=0)


@contextmanager
def machines(folder, tasks):
    """The product; `tasks` is the queue: "database" (PostgreSQL) or "rq" (Redis)."""
    if NGINX is None:
        pytest.skip("nginx is not installed: make services installs it")
    with ExitStack() as stack:
        try:
            database, cache = stack.enter_context(postgres()), stack.enter_context(redis())
        except (PostgresMissing, RedisMissing) as missing:
            pytest.skip(str(missing))
        product = Machines(
            folder,
            PGHOST=database.host,
            PGPORT=str(database.port),
            PGUSER=database.user,
            PGDATABASE=database.dbname,
            REDIS_URL=cache.url,
            TASK_QUEUE=tasks,
            PROXIES_IN_FRONT="1",
        )
        stack.callback(product.stop)
        product.start_all()
        yield product
