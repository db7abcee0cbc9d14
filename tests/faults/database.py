"""A PostgreSQL of the test's own that may be ended and begun again: a copy of the one that the tests run on.

What it has acknowledged it has written, as in production (`synchronous_commit`); only the machine itself must not fail.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.postgres import _call, _owner, binaries
from sandbox.processes import dies_with_parent, free_port, stop

SETTINGS = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off", "max_connections": "100"}


class Database:
    """`base` is the folder of what it holds, apart from its write-ahead log."""

    def __init__(self, folder, settings):
        self.folder, self.data, self.base = folder, folder / "data", folder / "data/base"
        self.port, self.user, self.process = free_port(), settings["USER"], None
        self._log = (folder / "server.log").open("ab")

    def start(self):
        options = SETTINGS | {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
        told = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            [binaries() / "postgres", "-D", self.data, "-p", str(self.port), *told],
            stdout=self._log,
            stderr=self._log,
            cwd=self.folder,
            user=_owner(),
            group=_owner(),
            extra_groups=[] if _owner() else None,
            preexec_fn=dies_with_parent(signal.SIGQUIT),
        )
        end = time.monotonic() + 60
        while subprocess.run([binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            assert self.process.poll() is None and time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)

    def stop_at_once(self):
        """As `pg_ctl stop -m immediate`: every connection is cut, nothing is tidied up."""
        stop(self.process, signal.SIGQUIT)


@contextmanager
def copied(folder, settings):
    """`settings` are those of Django's connection to the database that is copied, whole, as it is now."""
    owner = _owner()
    if owner:
        shutil.chown(folder, owner, owner)
    database = Database(folder, settings)
    where = ["-h", settings["HOST"], "-p", settings["PORT"], "-U", settings["USER"]]
    try:
        _call([binaries() / "pg_basebackup", *where, "-D", database.data, "-c", "fast", "-X", "fetch"], owner)
        database.start()
        yield database
    finally:
        if database.process is not None:
            stop(database.process, signal.SIGQUIT)


@contextmanager
def in_memory():
    """A folder that is never on a disk, which would take long to forget it. For root; else it is on one."""
    folder, is_root = Path(tempfile.mkdtemp(prefix="tremplin-faults-")), os.geteuid() == 0
    try:
        if is_root:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=711", "tmpfs", folder], check=True)
        yield folder
    finally:
        if is_root:
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder)


@contextmanager
def on_a_disk_of(megabytes, folder):
    """What `folder` holds lies on a disk of its own meanwhile, with room for so much more. Needs to be root."""
    size = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
    beside = folder.with_name(f"{folder.name}.beside")
    folder.rename(beside)
    folder.mkdir()
    shutil.copystat(beside, folder)
    options = f"size={size + megabytes * 2**20},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        subprocess.run(["cp", "-a", f"{beside}/.", folder], check=True)
        os.chown(folder, beside.stat().st_uid, beside.stat().st_gid)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(beside)


@contextmanager
def full(folder):
    """The disk that it lies on has no room left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65536))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    try:
        yield
    finally:
        ballast.unlink()
