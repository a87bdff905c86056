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
