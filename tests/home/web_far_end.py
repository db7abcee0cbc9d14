"""A mail provider with an HTTP API at the far end of a socket: it takes, refuses, or falls silent as told."""

import email
import email.policy
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class WebProvider:
    """`answers`: (status, JSON) of the next calls, or "take and vanish"; afterwards `usual`."""

    def __init__(self, usual):
        self.calls, self.answers, self.usual, self.connections = [], [], usual, 0


def _read(handler):
    body = handler.rfile.read(int(handler.headers["Content-Length"]))
    kind = handler.headers["Content-Type"]
    if kind.startswith("application/json"):
        return json.loads(body)
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    else:
        whole = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP)
        pairs = [
            (part.get_param("name", header="content-disposition"), part.get_payload(decode=True).decode())
            for part in whole.iter_parts()
        ]
    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@contextmanager
def web_provider_running(usual):
    provider = WebProvider(usual)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            provider.connections += 1

        def do_POST(self):
            provider.calls.append(_read(self))
            answer = provider.answers.pop(0) if provider.answers else (200, provider.usual)
            if answer == "take and vanish":
                self.close_connection = True
                self.connection.close()
                return
            status, said = answer
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
