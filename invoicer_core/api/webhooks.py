"""Webhooks: who is told of which events, and what came back."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.api.schemas.webhooks import (
    ResendInput,
    WebhookInput,
    WebhookQuery,
    WebhookUpdate,
)
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.webhooks import WebhookAttemptSnapshot, WebhookSecret, WebhookSnapshot
from invoicer_core.services import webhooks

resource = Resource("webhooks", tag="Webhooks")
MANAGE = "settings.write"


@resource.get("/webhooks", MANAGE, query=WebhookQuery, answer=Page[WebhookSnapshot])
def list_webhooks(query: WebhookQuery) -> Page[WebhookSnapshot]:
    """List the webhooks."""
    return webhooks.find(limit=query.limit, cursor=query.cursor)


@resource.post(
    "/webhooks", MANAGE, body=WebhookInput, answer=WebhookSecret, status=201, errors=(409,),
    location="/webhooks/{id}", idempotent=False,
)  # fmt: skip
def create_webhook(body: WebhookInput, by: Actor) -> WebhookSecret:
    """Add a webhook. Its secret is in this answer and in no other.

    No answer is kept for a repetition: when it got lost, delete the webhook and make another.
    """
    made, secret = webhooks.create(fields=body.sent(), by=by)
    return WebhookSecret(id=made.id, secret=secret, webhook=made)


@resource.get("/webhooks/{webhookId}", MANAGE, answer=WebhookSnapshot)
def get_webhook(webhook_id: int) -> WebhookSnapshot:
    """Get a webhook."""
    return webhooks.get(endpoint_id=webhook_id)


@resource.put("/webhooks/{webhookId}", MANAGE, body=WebhookUpdate, answer=WebhookSnapshot)
def update_webhook(
    webhook_id: int, body: WebhookUpdate, by: Actor, version: int | None
) -> WebhookSnapshot:
    """Change a webhook, or switch it on or off."""
    fields = body.sent()
    on = fields.pop("on", None)
    found = webhooks.update(endpoint_id=webhook_id, fields=fields, by=by, expected_version=version)
    if on is not None and on != (found.state == "on"):
        webhooks.switch(endpoint_id=webhook_id, on=on, by=by)
        return webhooks.get(endpoint_id=webhook_id)
    return found


@resource.delete("/webhooks/{webhookId}", MANAGE, status=204)
def delete_webhook(webhook_id: int, by: Actor) -> None:
    """Delete a webhook; what waits for it is dropped."""
    webhooks.delete(endpoint_id=webhook_id, by=by)


@resource.post(
    "/webhooks/{webhookId}/secret", MANAGE, body=NoFields, body_required=False,
    answer=WebhookSecret, idempotent=False,
)  # fmt: skip
def change_webhook_secret(webhook_id: int, by: Actor) -> WebhookSecret:
    """Make a new secret. Both sign for 24 hours, then only the new one."""
    secret = webhooks.rotate(endpoint_id=webhook_id, by=by)
    return WebhookSecret(id=webhook_id, secret=secret, webhook=webhooks.get(endpoint_id=webhook_id))


@resource.post(
    "/webhooks/{webhookId}/test", MANAGE, body=NoFields, body_required=False,
    answer=WebhookSnapshot, status=202,
)  # fmt: skip
def send_test_to_webhook(webhook_id: int, by: Actor) -> WebhookSnapshot:
    """Send the test message ``webhook.ping``, in the background; see its attempts."""
    webhooks.ping(endpoint_id=webhook_id, by=by)
    return webhooks.get(endpoint_id=webhook_id)


@resource.get(
    "/webhooks/{webhookId}/attempts", MANAGE, query=WebhookQuery,
    answer=Page[WebhookAttemptSnapshot],
)  # fmt: skip
def list_webhook_attempts(webhook_id: int, query: WebhookQuery) -> Page[WebhookAttemptSnapshot]:
    """List what was sent to a webhook and what came back, the newest first."""
    return webhooks.attempts(endpoint_id=webhook_id, limit=query.limit, cursor=query.cursor)


@resource.post(
    "/webhooks/{webhookId}/resend", MANAGE, body=ResendInput, answer=WebhookSnapshot, status=202,
    errors=(409,),
)  # fmt: skip
def resend_webhook_event(webhook_id: int, body: ResendInput, by: Actor) -> WebhookSnapshot:
    """Send an event once more, with the same ``webhook-id``."""
    webhooks.resend(endpoint_id=webhook_id, delivery_id=body.delivery_id, by=by)
    return webhooks.get(endpoint_id=webhook_id)
