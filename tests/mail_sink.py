"""A mail server in a process of its own, which takes everything and notes it: `python -m tests.mail_sink PORT FILE`.

One line a mail, written before it is acknowledged: `<message-id> <address>`.
"""

import asyncio
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP

from tests.home.far_end import free_port

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


class Noting:
    def __init__(self, path):
        self.file, self.refusal = path.open("ab", buffering=0), path.with_suffix(".refusal")

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.refusal.exists():
            return f"{self.refusal.read_text()} as told"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = MESSAGE_ID.search(envelope.content)[1].decode()
        self.file.write(f"{name} {envelope.rcpt_tos[0]}\n".encode())
        return "250 OK"


class Sink:
    """What the test asks of it."""

    def __init__(self, port, path, process):
        self.port, self.path, self.process = port, path, process

    @contextmanager
    def refusing(self, code):
        """It takes no recipient meanwhile, and answers this."""
        refusal = self.path.with_suffix(".refusal")
        refusal.write_text(code)
        try:
            yield
        finally:
            refusal.unlink()

    @property
    def count(self):
        return self.path.read_bytes().count(b"\n")

    @property
    def taken(self):
        """(Message-ID, address) of each mail, in order."""
        return [tuple(line.split()) for line in self.path.read_text().splitlines()]


@contextmanager
def sink_running(folder):
    port, path = free_port(), folder / "sink.txt"
    path.touch()
    process = subprocess.Popen([sys.executable, "-m", "tests.mail_sink", str(port), str(path)], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield Sink(port, path, process)
    finally:
        process.terminate()
        process.wait()


async def _serve(port, path):
    loop = asyncio.get_running_loop()
    handler = Noting(path)
    server = await loop.create_server(lambda: SMTP(handler, hostname="sink", loop=loop), "127.0.0.1", port)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
