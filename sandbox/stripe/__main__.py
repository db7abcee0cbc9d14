"""`python -m sandbox.stripe --port 8001 --data DIR`"""

import argparse
import contextlib
import ipaddress
import logging
import socket
import sys
from pathlib import Path

import uvicorn

from .app import build
from .world import Settings


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.stripe", description="A Stripe double on one machine.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--data", type=Path, required=True, help="folder of the state")
    parser.add_argument("--public-url", help="address of the hosted pages (default: http://localhost:PORT)")
    parser.add_argument("--webhook-url", help="sends every event there")
    parser.add_argument("--webhook-secret", help="signs them (whsec_…)")
    parser.add_argument("--platform-key", default="sk_test_tremplin")
    parser.add_argument("--daily-payouts", action="store_true", help="pays out each day what is available")
    parser.add_argument("--quiet", action="store_true", help="no line per request")
    given = parser.parse_args()
    if not ipaddress.ip_address("127.0.0.1" if given.host == "localhost" else given.host).is_loopback:
        parser.error("--host must be a loopback address: the sandbox has no secrets worth the name")
    if bool(given.webhook_url) != bool(given.webhook_secret):
        parser.error("--webhook-url and --webhook-secret go together")
    return given


class _Server(uvicorn.Server):
    """Says so, in one line, once it accepts connections."""

    ready = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self.ready, flush=True)


def main() -> int:
    given = _arguments()
    public_url = (given.public_url or f"http://localhost:{given.port}").rstrip("/")
    webhook = (given.webhook_url, given.webhook_secret) if given.webhook_url else None
    app = build(given.data, Settings(public_url, given.platform_key, given.daily_payouts), webhook)
    config = uvicorn.Config(app, given.host, given.port, log_level="warning", timeout_graceful_shutdown=2)
    if not given.quiet:
        logging.getLogger("uvicorn.access").setLevel(logging.INFO)
    server = _Server(config)
    server.ready = f"Stripe double ready at http://{given.host}:{given.port} (pages at {public_url})"
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C has already stopped it in good order
        server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
