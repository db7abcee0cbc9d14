"""Addresses that are nobody's outside: of this machine, of the network around it, of what a cloud tells its machines.

What such a name leads to is not shown to who typed it: it would be a map of the network behind the server. Nothing
that a person writes is ever connected to (tests/home/test_outgoing.py).
"""

import ipaddress
from typing import Final

#: Ranges from which the outside is not reached, and those that hide an address of IPv4 in one of IPv6.
INNER: Final = [
    ipaddress.ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_inner(address: str) -> bool:
    """What is no address at all counts as one of these."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address) and (hidden := _hidden_in(found)) is not None:
        found = hidden
    return any(found in network for network in INNER)


def _hidden_in(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    is_compatible = int(address) >> 32 == 0 and int(address) > 1
    return address.ipv4_mapped or address.sixtofour or (ipaddress.IPv4Address(int(address)) if is_compatible else None)
