"""What a business says about its sender and its providers."""

from typing import Final

from invoicer_core.plugin import Context, Secret, Settings, field

SENDGRID_ENV: Final = "SENDGRID_API_URL"
AMAZON_ENV: Final = "SES_ENDPOINT"
DNS_ENV: Final = "EMAIL_DNS_SERVER"
_ADDRESS: Final = r"^$|^[^@\s<>\"]{1,64}@[A-Za-z0-9.-]{1,250}$"


class ProviderSettings(Settings):
    """Who mails come from, and what opens the providers' doors."""

    from_address: str = field(
        "",
        title="Sender's address",
        description="Of a domain that the provider may send for. Empty: the business's own.",
        env="MAIL_FROM",
        pattern=_ADDRESS,
    )
    from_name: str = field(
        "", title="Sender's name", description="Empty: the business's name.", max_length=100
    )
    reply_to: str = field(
        "",
        title="Answers go to",
        description="Empty: the business's own address.",
        pattern=_ADDRESS,
    )
    count_opens: bool = field(
        False,
        title="Tell when a mail was opened",
        description="Puts an invisible picture into mails. Ask yourself whether your clients know.",
    )
    sendgrid_api_key: Secret = field(
        Secret(""),
        title="SendGrid: API key",
        description="It needs Mail Send; with Sender Authentication (read) the records of your"
        " domain can be shown as well.",
        env="SENDGRID_API_KEY",
    )
    sendgrid_event_key: str = field(
        "",
        title="SendGrid: verification key",
        description="The public key that SendGrid shows when you switch on the signed event"
        " webhook. Without it nothing is believed, and bounces are not heard of.",
        env="SENDGRID_EVENT_KEY",
        pattern=r"^[A-Za-z0-9+/=\s]*$",
        max_length=1000,
    )
    sendgrid_url: str = field(
        "",
        title="SendGrid: API address",
        description="https://api.eu.sendgrid.com for accounts in the EU. Empty: the usual one.",
        env=SENDGRID_ENV,
        max_length=300,
    )
    ses_region: str = field(
        "", title="Amazon SES: region", env="SES_REGION", pattern=r"^$|^[a-z]{2}(-[a-z]+)+-[0-9]$"
    )
    ses_access_key: str = field(
        "",
        title="Amazon SES: access key id",
        description="Of a user that may ses:SendEmail (and ses:GetEmailIdentity), nothing else.",
        env="SES_ACCESS_KEY_ID",
        pattern=r"^[\x21-\x7e]{0,128}$",
    )
    ses_secret_key: Secret = field(
        Secret(""), title="Amazon SES: secret access key", env="SES_SECRET_ACCESS_KEY"
    )
    ses_configuration_set: str = field(
        "",
        title="Amazon SES: configuration set",
        description="The one that publishes events to the SNS topic below.",
        env="SES_CONFIGURATION_SET",
        pattern=r"^[A-Za-z0-9_-]{0,64}$",
    )
    ses_topic: str = field(
        "",
        title="Amazon SES: ARN of the SNS topic",
        description="Its notifications are believed when Amazon signed them; no other topic's are.",
        env="SES_TOPIC_ARN",
        pattern=r"^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$",
    )
    ses_endpoint: str = field(
        "",
        title="Amazon SES: API address",
        description="Empty: Amazon's own for the region.",
        env=AMAZON_ENV,
        max_length=300,
    )
    dns_server: str = field(
        "",
        title="DNS server for the domain check",
        description="address:port. Empty: the one this machine uses.",
        env=DNS_ENV,
        pattern=r"^$|^(\[[0-9a-fA-F:]+\]|[0-9.]+):[0-9]{1,5}$",
    )


Ctx = Context[ProviderSettings]


def sender(ctx: Ctx) -> tuple[str, str]:
    """Address and name that mails come from; the address is empty where nobody set one."""
    its = ctx.settings
    return its.from_address or ctx.business.email or "", its.from_name or ctx.business.name


def answers_to(ctx: Ctx, proposed: str | None) -> str | None:
    """Where answers go: what is set, else what the message proposes."""
    return ctx.settings.reply_to or proposed
