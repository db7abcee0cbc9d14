"""Start the inbox: `python -m sandbox.mail --smtp-port 8003 --http-port 8002 --data DIR`."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path

import uvicorn

from sandbox.mail.pages import Settings, application


def loopback(text: str) -> str:
    """An address of this machine only: the inbox has no password."""
    try:
        is_loopback = text == "localhost" or ipaddress.ip_address(text).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not a loopback address, and the inbox has no password")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.mail", description="A mail inbox for one machine.")
    parser.add_argument("--smtp-port", type=int, required=True, help="where mail is delivered")
    parser.add_argument("--http-port", type=int, required=True, help="where the inbox page is")
    parser.add_argument("--data", type=Path, required=True, help="directory of the messages")
    parser.add_argument("--host", type=loopback, default="127.0.0.1", help="a loopback address")
    asked = parser.parse_args()
    settings = Settings(host=asked.host, smtp_port=asked.smtp_port, data=asked.data)
    uvicorn.run(
        application(settings),
        host=asked.host,
        port=asked.http_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
