"""One small thing of each kind."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import click
from apiflask import APIBlueprint
from flask import Blueprint
from markupsafe import Markup
from pydantic import BaseModel

from invoicer_core.plugin import (
    AiTool,
    ApiResource,
    Asset,
    Choice,
    Command,
    Context,
    DashboardWidget,
    DocumentRenderer,
    DocumentStore,
    Embedder,
    Fail,
    Health,
    HealthCheck,
    InboundRequest,
    InboundResponse,
    InboundWebhook,
    Job,
    JobQueue,
    JobRequest,
    MenuItem,
    MessageChannel,
    OutgoingMessage,
    Page,
    PaymentOutcome,
    PaymentProvider,
    PaymentRequest,
    PaymentSnapshot,
    PaymentStart,
    Permission,
    RenderRequest,
    Run,
    Schedule,
    SearchBackend,
    SearchHit,
    SendResult,
    Slot,
    Step,
    Workflow,
    dumps,
    places,
)

pages = Blueprint("good", __name__)
api = APIBlueprint("good_api", __name__)
kept: dict[tuple[int, str], bytes] = {}
sent: list[tuple[int, OutgoingMessage]] = []
queued: list[JobRequest] = []


@pages.get("/")
def front() -> str:
    return "good"


@api.get("/hello")
def hello() -> dict[str, str]:
    return {"hello": "world"}


@click.command()
def greet() -> None:
    """Say hello."""
    click.echo("hello")


class Question(BaseModel):
    """What the tool is asked."""

    name: str


def start(ctx: Context, request: PaymentRequest) -> PaymentStart:
    return PaymentStart(provider_ref=str(request.attempt_id), redirect_url=request.return_url)


def refund(ctx: Context, payment: PaymentSnapshot, amount: Decimal, key: str) -> PaymentOutcome:
    return PaymentOutcome(state="succeeded", provider_ref=key, amount=amount)


def send(ctx: Context, message: OutgoingMessage) -> SendResult:
    sent.append((ctx.business_id, message))
    return SendResult("sent", str(uuid4()))


def put(ctx: Context, key: str, data: bytes, media_type: str) -> None:
    kept[ctx.business_id, key] = data


def get(ctx: Context, key: str) -> bytes:
    return kept[ctx.business_id, key]


def render(ctx: Context, request: RenderRequest) -> bytes:
    return dumps(request.document).encode()


def embed(ctx: Context, texts: Sequence[str]) -> Sequence[Sequence[float]]:
    return [[float(len(text)), 1.0] for text in texts]


def search(ctx: Context, kind: str, query: str, limit: int) -> Sequence[SearchHit]:
    return [SearchHit(1, 0.5)][:limit]


def answer(ctx: Context, question: BaseModel) -> Any:
    return {"answer": str(question)}


def verify(ctx: Context, request: InboundRequest) -> bool:
    return request.headers.get("signature") == "good"


def handle(ctx: Context, request: InboundRequest) -> InboundResponse:
    return InboundResponse(200, "thanks")


def sweep(ctx: Context, *, days: int = 1) -> None:
    ctx.log.info("swept the last %s days", days)


def line(ctx: Context, values: Mapping[str, Any]) -> str:
    return Markup("<p>{}</p>").format(values.get("invoice_number", "no invoice"))


def marked(place: str) -> Callable[[Context, Mapping[str, Any]], str]:
    """A mark for a place, with the names of what it hands over."""

    def mark(ctx: Context, values: Mapping[str, Any]) -> str:
        given = " ".join(f"{name}={getattr(values[name], 'id', '')}" for name in sorted(values))
        return Markup("<!-- good {} {} -->").format(place, given)

    return mark


def offers() -> dict[str, list[Any]]:
    """Everything this plugin offers, by hook."""
    return {
        "payment_providers": [PaymentProvider("good", "Good money", start=start, refund=refund)],
        "message_channels": [MessageChannel("pigeon", "Pigeon", send)],
        "document_renderers": [DocumentRenderer("json", "application/json", render)],
        "document_stores": [DocumentStore("memory", put, get)],
        "embedders": [Embedder("length", "length-1", 2, embed)],
        "search_backends": [SearchBackend("one", "Always one", search)],
        "workflows": [_workflow()],
        "ai_tools": [AiTool("ask", "Answers.", Question, answer, "invoices.read")],
        "permissions": [Permission("manage", "Manage the good things")],
        "pages": [Page("front", pages, "invoices.read")],
        "api_resources": [ApiResource("hello", api, "invoices.read", alias="hello")],
        "inbound_webhooks": [
            InboundWebhook(
                "calls",
                verify,
                handle,
                event_id=lambda request: request.headers.get("id"),
                ready=lambda ctx: bool(ctx.settings.token),
            )
        ],
        "jobs": [Job("sweep", sweep)],
        "schedules": [Schedule("nightly", "sweep", every=timedelta(days=1))],
        "health_checks": [HealthCheck("mood", lambda ctx: Health(True, "good"))],
        "commands": [Command("greet", greet)],
        "menu_items": [MenuItem("good", "Good", "good.front", "invoices.read")],
        "dashboard_widgets": [
            DashboardWidget("count", "Count", lambda ctx: "<b>1</b>", "invoices.read")
        ],
        "slots": [
            Slot("line", "invoice.panels", line),
            *(Slot(f"mark-{place}", place, marked(place)) for place in places()),
        ],
        "assets": [Asset("script", pages, "good.js", "script")],
        "job_queues": [JobQueue("list", queued.append, ready=lambda: True)],
    }


def _workflow() -> Workflow:
    return Workflow(
        name="good-welcome",
        title="Welcome",
        start="Which",
        states=(
            Choice(
                name="Which",
                title="Which kind",
                decide=lambda ctx, run: str(run.input.get("kind")),
                branches={"new": "Greet"},
                otherwise="Unknown",
            ),
            Step(name="Greet", title="Say hello", run=_greeted),
            Fail(name="Unknown", title="Unknown kind", error="UnknownKind"),
        ),
    )


def _greeted(ctx: Context, run: Run) -> Mapping[str, Any]:
    return {"greeted": run.input["kind"]}
