"""DKIM (RFC 6376): the key with which receivers check that a mail is unchanged and ours."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from notifications.checking.asking import Dns
from notifications.checking.findings import Finding, Remark, Verdict, good, warns, wrong

# Where keys usually are, when neither the installation nor the provider says where.
USUAL = ("default", "mail", "dkim", "selector1", "selector2", "s1", "s2", "google", "k1")
# Bytes of an RSA key of 1024 and of 2048 bits, as it stands in the record, and a little less.
_WEAK, _STRONG = 150, 280


def look(dns: Dns, domain: str, *, selectors: Sequence[str], is_known: bool) -> Finding:
    """
    The keys of a domain under these selectors; `is_known` where somebody said them.

    :raises Unasked: one could not be asked
    """
    found = {name: _records(dns, f"{name}._domainkey.{domain}") for name in selectors}
    found = {name: records for name, records in found.items() if records}
    shown = tuple(
        f"{name}._domainkey.{domain}: {text}" for name, texts in found.items() for text in texts
    )
    if not found:
        remarks = [_nothing(domain, selectors, is_known=is_known)]
    else:
        remarks = [remark for texts in found.values() for text in texts for remark in _judge(text)]
        # A key that is out of use beside one that is in use is how keys are changed.
        if any(remark.verdict is Verdict.GOOD for remark in remarks):
            remarks = [remark for remark in remarks if remark.verdict is not Verdict.WRONG]
    return Finding(topic="DKIM", subject=domain, remarks=tuple(remarks), records=shown)


def _nothing(domain: str, selectors: Sequence[str], *, is_known: bool) -> Remark:
    names = ", ".join(selectors)
    advice = f'{selectors[0]}._domainkey.{domain}. TXT "v=DKIM1; k=rsa; p=…"'
    if is_known:
        words = _("There is no key under %(names)s: receivers cannot check any signature.")
        return wrong(words, advice=advice, names=names)
    words = _(
        "There is no key where they usually are (%(names)s). If your mail server signs under"
        " another name, say it in MAIL_DKIM_SELECTORS; if it does not sign, let it."
    )
    return warns(words, advice=advice, names=names)


def _judge(text: str) -> list[Remark]:
    tags = {
        key.strip().lower(): value.strip()
        for key, _sign, value in (part.partition("=") for part in text.split(";"))
    }
    if not tags.get("p"):
        return [wrong(_("The key is empty, which means that it was withdrawn."))]
    try:
        key = base64.b64decode("".join(tags["p"].split()), validate=True)
    except ValueError:
        return [wrong(_("The key is damaged: copy it from your mail server once more."))]
    remarks = []
    if tags.get("k", "rsa").lower() == "rsa":
        if len(key) < _WEAK:
            return [wrong(_("The key is shorter than 1024 bits, and receivers ignore it."))]
        if len(key) < _STRONG:
            remarks.append(warns(_("The key has 1024 bits: take one of 2048 when you change it.")))
    if "y" in tags.get("t", "").lower().split(":"):
        remarks.append(warns(_("“t=y” says that you are only trying: take it out.")))
    return remarks or [good(_("The key is there, and long enough."))]


def _records(dns: Dns, name: str) -> list[str]:
    """Only what is a key: some domains answer anything with the same text."""
    said = [text for text in dns.txt(name) if "p=" in text.replace(" ", "")]
    return [text for text in said if not text.lower().startswith(("v=spf1", "v=dmarc1"))]
