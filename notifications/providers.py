"""
The mail providers that can be chosen: what each is called, and what its domains look like.

The names are django-anymail's. Nothing is imported here, so that who sends by SMTP does not
carry a dozen providers in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Provider:
    """
    One provider. `spf` is what it wants included in the domain's SPF ("": nothing, since its
    mails come back to a domain of its own); `selectors` are where its DKIM keys usually are.
    `headers` are what it must be told in each mail so that ours stay as they are.
    """

    title: str
    spf: str = ""
    selectors: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


# Amazon SES is left out: it wants a library of its own, and takes mail by SMTP.
PROVIDERS = {
    "brevo": Provider(title="Brevo", spf="spf.brevo.com", selectors=("brevo1", "brevo2", "mail")),
    "mailersend": Provider(
        title="MailerSend", spf="_spf.mailersend.net", selectors=("mlsend", "mlsend2")
    ),
    "mailgun": Provider(
        title="Mailgun", spf="mailgun.org", selectors=("mailo", "k1", "pic", "smtp", "mx")
    ),
    "mailjet": Provider(title="Mailjet", spf="spf.mailjet.com", selectors=("mailjet",)),
    "mailtrap": Provider(
        title="Mailtrap", spf="_spf.smtp.mailtrap.live", selectors=("rwmt1", "rwmt2")
    ),
    "mandrill": Provider(
        title="Mandrill", spf="spf.mandrillapp.com", selectors=("mte1", "mte2", "mandrill")
    ),
    "postal": Provider(title="Postal", selectors=("postal",)),
    "postmark": Provider(
        title="Postmark", selectors=("pm", "pm2"), headers={"X-PM-KeepID": "true"}
    ),
    "resend": Provider(title="Resend", selectors=("resend",)),
    "scaleway": Provider(title="Scaleway", spf="_spf.tem.scaleway.com"),
    "sendgrid": Provider(title="SendGrid", spf="sendgrid.net", selectors=("s1", "s2")),
    "sparkpost": Provider(title="SparkPost"),
    "unisender_go": Provider(title="UniSender Go", spf="spf.unisender.com", selectors=("us",)),
}

# Mail servers that many use: what their houses want in the SPF, and where their keys are.
_HOUSES = {
    "yandex.ru": Provider(title="Yandex", spf="_spf.yandex.net", selectors=("mail",)),
    "yandex.com": Provider(title="Yandex", spf="_spf.yandex.net", selectors=("mail",)),
    "mail.ru": Provider(title="mail.ru", spf="_spf.mail.ru", selectors=("mailru",)),
    "gmail.com": Provider(title="Google", spf="_spf.google.com", selectors=("google",)),
    "google.com": Provider(title="Google", spf="_spf.google.com", selectors=("google",)),
    "office365.com": Provider(
        title="Microsoft", spf="spf.protection.outlook.com", selectors=("selector1", "selector2")
    ),
    "mailgun.org": PROVIDERS["mailgun"],
    "sendgrid.net": PROVIDERS["sendgrid"],
    "mailjet.com": PROVIDERS["mailjet"],
    "brevo.com": PROVIDERS["brevo"],
    "postmarkapp.com": PROVIDERS["postmark"],
    "mandrillapp.com": PROVIDERS["mandrill"],
    "mailersend.net": PROVIDERS["mailersend"],
}


def of_mail_server(host: str) -> Provider | None:
    """Whose mail server that is, where it is one of those that many use."""
    ends = (end for end in _HOUSES if host == end or host.endswith(f".{end}"))
    return next((_HOUSES[end] for end in ends), None)
