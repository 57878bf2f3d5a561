"""Mail over Amazon SES, by Amazon's own client."""

from typing import Any, Final

from invoicer_core.plugin import (
    OutcomeUnknown,
    OutgoingMessage,
    PermanentFailure,
    RetryLater,
    SendResult,
    on_first_use,
    outside,
    say,
)
from invoicer_email_providers.letters import MARK, as_mime, checked_sender, reference
from invoicer_email_providers.settings import AMAZON_ENV, Ctx

amazon: Final[Any] = on_first_use("boto3.session")
amazon_config: Final[Any] = on_first_use("botocore.config")
faults: Final[Any] = on_first_use("botocore.exceptions")

NAME: Final = "ses"
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0

_OWNERS: Final = {
    "AccessDeniedException": say("It may not send: look at the key's policy."),
    "AccessDenied": say("It may not send: look at the key's policy."),
    "InvalidClientTokenId": say("Amazon does not know this access key id."),
    "UnrecognizedClientException": say("Amazon does not know this access key id."),
    "SignatureDoesNotMatch": say("The secret access key does not fit the access key id."),
    "InvalidSignatureException": say("The secret access key does not fit the access key id."),
    "SendingPausedException": say("Sending is paused for this account or configuration set."),
    "AccountSuspendedException": say("The account may not send any more."),
}
"""What a person can put right; until then it is tried again."""

_SLOWER: Final = frozenset({"TooManyRequestsException", "LimitExceededException", "Throttling",
                            "ThrottlingException"})  # fmt: skip


def client(ctx: Ctx) -> Any:
    """Amazon's client for the business. It never repeats a mail by itself.

    Raises:
        RetryLater: region or key are not set yet.
        PermanentFailure: the address from the settings may not be called.
    """
    its = ctx.settings
    if not (its.ses_region and its.ses_access_key and its.ses_secret_key):
        raise RetryLater(say("Amazon SES has no region or key yet: see Settings, Plugins."))
    if its.ses_endpoint:
        outside.check_address(its.ses_endpoint, env=AMAZON_ENV)
    session = amazon.Session(
        aws_access_key_id=its.ses_access_key,
        aws_secret_access_key=its.ses_secret_key.reveal(),
        region_name=its.ses_region,
    )
    config = amazon_config.Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
        proxies={},
    )
    made = session.client("sesv2", endpoint_url=its.ses_endpoint or None, config=config)
    if its.ses_endpoint and not outside.is_operators(its.ses_endpoint, AMAZON_ENV):
        # botocore has no other way to its connections
        outside.guard(made._endpoint.http_session._manager)  # noqa: SLF001
    return made


def send(ctx: Ctx, message: OutgoingMessage) -> SendResult:
    """Hand one mail over; what becomes of it is told by events, where we can hear them.

    Raises:
        PermanentFailure: SES refuses the mail for good.
        RetryLater: it is away or asks to wait, or the settings are not right; nothing was sent.
        OutcomeUnknown: it did not answer after it had the mail.
    """
    its, ours = ctx.settings, reference(message)
    request: dict[str, Any] = {
        "FromEmailAddress": checked_sender(ctx)[0],
        "Destination": {"ToAddresses": [message.recipient]},
        "Content": {"Raw": {"Data": as_mime(ctx, message)}},
        "EmailTags": [{"Name": MARK, "Value": ours}],
    }
    if its.ses_configuration_set:
        request["ConfigurationSetName"] = its.ses_configuration_set
    its_client = client(ctx)
    try:
        answer = its_client.send_email(**request)
    except faults.ClientError as refused:
        raise _in_our_words(refused, ours) from refused
    except (
        faults.ConnectTimeoutError, faults.EndpointConnectionError, faults.ProxyConnectionError,
        faults.SSLError,
    ) as away:  # fmt: skip
        # Nothing went out yet.
        raise RetryLater(
            say("Amazon SES cannot be reached.") + f" ({type(away).__name__})"
        ) from away
    except faults.ParamValidationError as wrong:
        raise PermanentFailure(say("The mail has an address that cannot be used.")) from wrong
    except faults.BotoCoreError as silence:
        words = say("Amazon SES took the mail and did not answer.") + f" ({type(silence).__name__})"
        raise OutcomeUnknown(words, ours) from silence
    return SendResult("queued" if its.ses_topic else "sent", str(answer["MessageId"]))


def _in_our_words(refused: Any, ours: str) -> Exception:
    error = refused.response.get("Error", {})
    code, said = str(error.get("Code", "")), str(error.get("Message", ""))[:300]
    status = int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    if code in _OWNERS:
        return RetryLater(say("Amazon SES does not take the mail now.") + f" {_OWNERS[code]}")
    if code in _SLOWER or status == 429:
        return RetryLater(say("Amazon SES asks to send more slowly."))
    if status == 504:
        return OutcomeUnknown(say("Amazon SES did not say whether it has the mail."), ours)
    if status >= 500:
        return RetryLater(say("Amazon SES stumbled.") + f" ({code or status})")
    return PermanentFailure(say("Amazon SES refuses the mail.") + f" {said} ({code})")
