"""A DNS server at the far end of a socket: it knows some TXT records and addresses, is silent about others."""

import socket
import threading
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Server:
    """`texts`, `addresses`: records by name; `silent`: names without an answer; `asked`: what it was asked."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.texts, self.addresses, self.silent, self.asked = {}, {}, set(), []

    @property
    def address(self):
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self):
        while True:
            try:
                data, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            if not query.question:
                return
            name = query.question[0].name.to_text().rstrip(".")
            self.asked.append(name)
            if name not in self.silent:
                self.socket.sendto(self.answer(query, name).to_wire(), sender)

    def answer(self, query, name):
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if query.question[0].rdtype != dns.rdatatype.TXT:
            kind = dns.rdatatype.to_text(query.question[0].rdtype)
            known = self.addresses.get(name, [])
            if found := [one for one in known if (":" in one) == (kind == "AAAA")]:
                response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", kind, *found))
            elif not known:
                response.set_rcode(dns.rcode.NXDOMAIN)
        elif texts := self.texts.get(name):
            quoted = [f'"{text[:20]}" "{text[20:]}"' for text in texts]
            response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *quoted))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


@contextmanager
def dns_running():
    server = Server()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(dns.message.Message().to_wire(), server.socket.getsockname())
        server.socket.close()
