"""Asking the DNS, with little patience and none at all once the time is over."""

from __future__ import annotations

import time
from ipaddress import ip_address

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

# Of one question; a server that is asked again has not heard the first time.
SECONDS = 2.0


class Unasked(Exception):
    """Nobody answered, or nobody could say: that is no answer."""


class Dns:
    """
    Asks until a deadline (monotonic). What does not exist is an empty list.

    :raises Unasked: from each question
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        try:
            self._resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
        except dns.exception.DNSException as error:
            raise Unasked(str(error)) from error
        if settings.DNS_SERVERS:
            self._resolver.nameservers = [_server(said) for said in settings.DNS_SERVERS]

    def txt(self, name: str) -> list[str]:
        rows = self._ask(name, "TXT")
        return [b"".join(row.strings).decode("utf-8", "replace") for row in rows]

    def mx(self, name: str) -> list[str]:
        """Names of the servers that take mail, the preferred first; "" for “none, ever”."""
        rows = sorted(self._ask(name, "MX"), key=lambda row: row.preference)
        return [row.exchange.to_text().rstrip(".").lower() for row in rows]

    def has_address(self, name: str) -> bool:
        return bool(self._ask(name, "A") or self._ask(name, "AAAA"))

    def _ask(self, name: str, kind: str) -> list:  # type: ignore[type-arg]  # rows of any kind
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Unasked(f"{name} {kind}")
        try:
            answer = self._resolver.resolve(
                f"{name}.", kind, search=False, lifetime=min(SECONDS, left)
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Unasked(f"{name} {kind} ({type(error).__name__})") from error
        return list(answer)


def _server(said: str) -> dns.nameserver.Nameserver:
    """ "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353"."""
    host, port = said.strip(), 53
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = int(rest.lstrip(":") or port)
    elif host.count(":") == 1:
        host, _, rest = host.partition(":")
        port = int(rest)
    return dns.nameserver.Do53Nameserver(str(ip_address(host)), port)
