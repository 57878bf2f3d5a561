"""Whether mails can leave, as far as the settings tell."""

from typing import Final

from invoicer_core.plugin import Health
from invoicer_email_providers.domain import TITLES, in_use
from invoicer_email_providers.settings import Ctx, sender

_KEYS: Final = {"sendgrid": "verification key", "ses": "topic"}


def check(ctx: Ctx) -> Health:
    """Which providers have a key, and whether they can tell what became of mails."""
    its, ready = ctx.settings, in_use(ctx)
    if not ready:
        return Health(False, "Fill in the key of SendGrid or Amazon SES.")
    if not sender(ctx)[0]:
        return Health(False, "No sender: set the business's e-mail address, or one here.")
    if "ses" in ready and not (its.ses_region and its.ses_access_key):
        return Health(False, "Amazon SES needs a region and an access key id, too.")
    heard = {"sendgrid": its.sendgrid_event_key.strip(), "ses": its.ses_topic}
    said = [f"Mails can leave over {' and '.join(TITLES[name] for name in ready)}."]
    for name in ready:
        if not heard[name]:
            said.append(f"{TITLES[name]} has no {_KEYS[name]}: bounces are not heard of yet.")
        said.append(f"Its address for events: {ctx.webhook_url(name)}")
    return Health(True, " ".join(said))
