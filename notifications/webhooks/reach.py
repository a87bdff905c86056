"""
Where a webhook may lead: to the internet, and never into the server's own network.

What an address looks like when it is saved proves nothing: a name may lead elsewhere a second
later. So the name is resolved when it is needed, every address it has is judged, and the
connection goes to the very address that was judged (`posting`).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.refusals import Refused

Address = IPv4Address | IPv6Address

# Forms of IPv6 that carry an IPv4 address: whoever translates them may lead anywhere. What
# Python calls global differs from version to version, so they are all named here.
_DISGUISES = [
    IPv6Network(block)
    for block in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, before there was fc00::/7
    )
]
_RELAYS = ip_network("192.88.99.0/24")  # to 6to4


class AddressRefused(Refused):
    code = "webhook_address_refused"


class Unknown(Exception):
    """The name of the server does not exist, or nobody could say."""


class Forbidden(Exception):
    """The name leads, or may lead, where nothing is sent."""


@dataclass(frozen=True)
class Place:
    """An address of a webhook, taken apart."""

    scheme: str
    host: str
    port: int
    path: str


def place_of(url: str) -> Place:
    """
    Take an address apart.

    :raises AddressRefused: it is none that anything may be sent to
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(_("This is no web address.")) from None
    schemes = ("https", "http") if settings.WEBHOOK_INTERNAL_NETWORKS else ("https",)
    if parts.scheme not in schemes:
        raise AddressRefused(_("The address must begin with https://."))
    if not parts.hostname or any(c.isspace() or not c.isprintable() for c in url):
        raise AddressRefused(_("This is no web address."))
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(_("The address must hold no password: check our signature instead."))
    try:
        host = _ascii_host(parts.hostname)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
    except UnicodeError:
        raise AddressRefused(_("Write the address as a program does, in Latin letters.")) from None
    if port == 0:
        raise AddressRefused(_("This is no web address."))
    place = Place(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)
    _refuse_plain_numbers(place)
    return place


def resolve(place: Place) -> list[Address]:
    """
    Every address of the place's server, all of them judged: one bad apple spoils the name.

    :raises Unknown: the name has no address
    :raises Forbidden: it has one that nothing is sent to
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unknown(str(error)) from error
    addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
    if not addresses:
        raise Unknown(place.host)
    if not all(is_allowed(address, scheme=place.scheme) for address in addresses):
        raise Forbidden(place.host)
    return addresses


def is_allowed(address: Address, *, scheme: str = "https") -> bool:
    """Whether anything may be sent to that address; unencrypted only within one's own walls."""
    if _is_within(address, settings.WEBHOOK_INTERNAL_NETWORKS):
        return True
    if scheme != "https":
        return False
    if isinstance(address, IPv6Address):
        if address.scope_id or any(address in block for block in _DISGUISES):
            return False
        # ISATAP: an IPv4 address in the lower half.
        if (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE:
            return False
    elif address in _RELAYS:
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def _is_within(address: Address, networks: Iterable[str]) -> bool:
    blocks = (ip_network(network) for network in networks)
    return any(block.version == address.version and address in block for block in blocks)


def _ascii_host(host: str) -> str:
    if ":" in host:
        return str(ip_address(host))
    try:
        return host.encode("ascii").decode().lower()
    except UnicodeError:
        return host.encode("idna").decode()


def _refuse_plain_numbers(place: Place) -> None:
    """An address in numbers is judged at once, in words; 127.1 and its like are none."""
    try:
        address = ip_address(place.host)
    except ValueError:
        last = place.host.rstrip(".").rpartition(".")[2]
        if not (last.isdigit() or last.startswith("0x")):
            return
    else:
        if is_allowed(address, scheme=place.scheme):
            return
    raise AddressRefused(_("This address leads into an internal network."))
