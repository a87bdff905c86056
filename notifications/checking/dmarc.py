"""DMARC (RFC 7489): what receivers do with a mail that neither SPF nor DKIM vouches for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from notifications.checking.asking import Dns
from notifications.checking.findings import Finding, Remark, good, warns, wrong


@dataclass(frozen=True)
class Policy:
    """What was found: at which domain it stands, and its tags."""

    at: str
    records: tuple[str, ...]
    tags: dict[str, str]


def policy(dns: Dns, domain: str) -> Policy:
    """
    The policy that holds for a domain: its own, else that of the nearest domain above it.

    :raises Unasked: nobody answered
    """
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        at = ".".join(labels[start:])
        texts = dns.txt(f"_dmarc.{at}")
        records = [text for text in texts if re.match(r"v=DMARC1\b", text, re.IGNORECASE)]
        if records:
            return Policy(at, tuple(records), _tags(records[0]))
    return Policy("", (), {})


def look(domain: str, found: Policy) -> Finding:
    """Whether the policy protects the domain."""
    remarks = tuple(_judged(domain, found))
    return Finding(topic="DMARC", subject=domain, remarks=remarks, records=found.records)


def _judged(domain: str, found: Policy) -> list[Remark]:
    advice = f'_dmarc.{domain}. TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"'
    if not found.records:
        words = _("There is no DMARC record: large receivers put such mail aside or refuse it.")
        return [wrong(words, advice=advice.replace("p=quarantine", "p=none"))]
    if len(found.records) > 1:
        words = _("There are %(n)s DMARC records, so receivers use none: leave one.")
        return [wrong(words, n=len(found.records))]
    tag = "sp" if found.at != domain and "sp" in found.tags else "p"
    wish = found.tags.get(tag, "").lower()
    if wish not in ("none", "quarantine", "reject"):
        words = _(
            "It does not say what to do with other mail: “p” must be none, quarantine or reject."
        )
        return [wrong(words, advice=advice)]
    if wish == "none":
        words = _(
            "“%(tag)s=none” only watches. When the reports show nothing but your own mail, write"
            " quarantine."
        )
        return [warns(words, advice=advice, tag=tag)]
    if found.tags.get("pct", "100") != "100":
        words = _("It holds for %(share)s %% of the mail only: take “pct” out.")
        return [warns(words, share=found.tags["pct"])]
    return [good(_("Mail that is not yours is put aside or refused (%(wish)s)."), wish=wish)]


def alignment(*, sender: str, envelope: str, found: Policy, by_provider: str) -> Finding:
    """Whether SPF vouches for the domain that readers see; else DKIM alone must."""
    subject = sender if sender == envelope else f"{sender} ← {envelope or by_provider}"
    topic = _("Alignment")
    if not envelope:
        words = _(
            "Mails come back to a domain of %(provider)s, so SPF does not speak for %(domain)s:"
            " the signature (DKIM) must be of %(domain)s. Have the provider verify that domain."
        )
        remark = good(words, provider=by_provider, domain=sender)
    elif _aligned(sender, envelope, found):
        remark = good(_("Mails come from and come back to the same domain."))
    else:
        words = _(
            "Mails come from %(domain)s and come back to %(envelope)s (BOUNCE_ADDRESS), so SPF does"
            " not speak for %(domain)s: only the signature (DKIM) does. Choose an address of"
            " the same domain."
        )
        remark = warns(words, domain=sender, envelope=envelope)
    return Finding(topic=topic, subject=subject, remarks=(remark,))


def _aligned(sender: str, envelope: str, found: Policy) -> bool:
    if sender == envelope:
        return True
    if found.tags.get("aspf", "r").lower() == "s":
        return False
    if sender.endswith(f".{envelope}") or envelope.endswith(f".{sender}"):
        return True
    above = found.at
    return bool(above) and sender.endswith(f".{above}") and envelope.endswith(f".{above}")


def _tags(record: str) -> dict[str, str]:
    parts = (part.partition("=") for part in record.split(";"))
    return {key.strip().lower(): value.strip() for key, _sign, value in parts if key.strip()}
