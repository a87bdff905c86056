"""
Everything that decides whether receivers believe our mail, asked at once and in bounded time.

No visitor waits for it: an administrator asks, by a page or a command.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from notifications import composing, mime
from notifications.checking import dkim, dmarc, server, spf
from notifications.checking.asking import Dns, Unasked
from notifications.checking.findings import Finding, good, unasked, warns, wrong
from notifications.providers import PROVIDERS, Provider, of_mail_server

logger = logging.getLogger(__name__)

# All together. What has not answered by then is shown as such.
SECONDS = 8.0
_NOBODY = Provider(title="")

Look = Callable[[Dns], list[Finding]]


def look(*, seconds: float = SECONDS) -> list[Finding]:
    """What was found, in the order in which it is read. Ends in time, whoever is silent."""
    deadline = time.monotonic() + seconds
    try:
        looks = list(_looks())
    except mime.UnusableAddress:
        words = _("DEFAULT_FROM_EMAIL or BOUNCE_ADDRESS is no address that mail can come from.")
        finding = Finding(topic="SPF", subject="", remarks=(wrong(words),))
        return [finding, server.look()]
    # Not in a "with", which would wait for the slowest.
    pool = ThreadPoolExecutor(len(looks) + 1, thread_name_prefix="mail-check")
    try:
        futures: list[tuple[object, str, Future[list[Finding]]]]
        futures = [(topic, subject, pool.submit(_asked, ask, deadline))
                   for topic, subject, ask in looks]  # fmt: skip
        futures.append((_("Mail server"), settings.EMAIL_HOST, pool.submit(_about_server)))
        wait([future for _t, _s, future in futures], max(0.0, deadline - time.monotonic()))
        return [
            finding
            for topic, subject, future in futures
            for finding in _result(topic, subject, future)
        ]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _looks() -> Iterator[tuple[str, str, Look]]:
    """
    What there is to ask of the DNS.

    :raises UnusableAddress: the settings hold no address
    """
    sender = _domain(composing.sender())
    by_api = settings.EMAIL_TRANSPORT == "api"
    returns = _domain(settings.BOUNCE_ADDRESS) if settings.BOUNCE_ADDRESS else sender
    provider = PROVIDERS.get(settings.EMAIL_PROVIDER) if by_api else None
    house = provider or of_mail_server(settings.EMAIL_HOST) or _NOBODY
    for domain in dict.fromkeys([sender] if by_api else [returns, sender]):
        is_needed = not by_api and domain == returns
        yield "SPF", domain, partial(_spf, domain, house.spf, is_needed)
    selectors = tuple(settings.MAIL_DKIM_SELECTORS) or house.selectors
    is_known = bool(settings.MAIL_DKIM_SELECTORS)
    yield "DKIM", sender, partial(_dkim, sender, selectors or dkim.USUAL, is_known)
    yield "DMARC", sender, partial(_dmarc, sender, "" if by_api else returns, house.title)
    yield "MX", returns, partial(_mx, returns)


def _spf(domain: str, include: str, is_needed: bool, dns: Dns) -> list[Finding]:
    return [spf.look(dns, domain, include=include, is_needed=is_needed)]


def _dkim(domain: str, selectors: tuple[str, ...], is_known: bool, dns: Dns) -> list[Finding]:
    return [dkim.look(dns, domain, selectors=selectors, is_known=is_known)]


def _dmarc(domain: str, returns: str, provider: str, dns: Dns) -> list[Finding]:
    found = dmarc.policy(dns, domain)
    return [
        dmarc.look(domain, found),
        dmarc.alignment(sender=domain, envelope=returns, found=found, by_provider=provider),
    ]


def _mx(domain: str, dns: Dns) -> list[Finding]:
    servers = dns.mx(domain)
    if servers == [""]:
        words = _("%(domain)s says that it takes no mail: nobody can answer, nothing comes back.")
        remark = wrong(words, domain=domain)
    elif servers:
        remark = good(_("Answers and reports find their way back."))
    elif dns.has_address(domain):
        words = _(
            "There is no MX record; mail goes to the web server of %(domain)s, if it takes any."
        )
        remark = warns(words, domain=domain, advice=f"{domain}. MX 10 mail.{domain}.")
    else:
        words = _("Mail to %(domain)s has nowhere to go, and receivers check this of a sender.")
        remark = wrong(words, domain=domain, advice=f"{domain}. MX 10 mail.{domain}.")
    records = tuple(name or "." for name in servers)
    return [Finding(topic="MX", subject=domain, remarks=(remark,), records=records)]


def _asked(ask: Look, deadline: float) -> list[Finding]:
    return ask(Dns(deadline))


def _about_server() -> list[Finding]:
    return [server.look()]


def _result(topic: object, subject: str, future: Future[list[Finding]]) -> list[Finding]:
    if not future.done():
        return [Finding(topic=topic, subject=subject, remarks=(unasked(_("the time was over")),))]
    try:
        return future.result()
    except Unasked as why:
        return [Finding(topic=topic, subject=subject, remarks=(unasked(why),))]
    except Exception as error:  # one record that nobody thought of must not hide the others
        logger.exception("Cannot judge %s of %s", topic, subject)
        return [Finding(topic=topic, subject=subject, remarks=(unasked(type(error).__name__),))]


def _domain(address: str) -> str:
    return mime.address(address).rpartition("@")[2].lower()
