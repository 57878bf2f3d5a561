"""The workflow: who is it, register or merge, invoice."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from invoicer_core.plugin import (
    Choice,
    Conflict,
    Document,
    Fail,
    InvalidInput,
    InvoiceDraft,
    Item,
    Retry,
    Run,
    Step,
    SupplierSnapshot,
    Tax,
    Workflow,
    WorkflowError,
    say,
)
from invoicer_core.plugin.use_cases import clients, invoices, suppliers

from . import evidence, greeting
from .effects import alone, once
from .settings import Ctx

NAME: Final = "supplier-onboarding"
FIELDS: Final = (
    "name", "legal_name", "email", "phone", "address", "city", "postcode", "region", "country",
    "vat_id", "tax_number", "contact_name", "iban", "bic", "currency", "locale",
)  # fmt: skip
BY_HAND: Final = frozenset({"name", "iban", "bic", "email"})
"""A wrong one of these leads money or papers astray: a person changes them."""
_OFTEN: Final = Retry(attempts=8, first=timedelta(seconds=5), most=timedelta(hours=1))


class SupplierIn(BaseModel):
    """A supplier as it presents itself."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: str = Field(min_length=1, max_length=200)
    legal_name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    address: str | None = Field(None, max_length=500)
    city: str | None = Field(None, max_length=100)
    postcode: str | None = Field(None, max_length=20)
    region: str | None = Field(None, max_length=100)
    country: str | None = Field(None, max_length=2)
    vat_id: str | None = Field(None, max_length=40)
    tax_number: str | None = Field(None, max_length=50)
    contact_name: str | None = Field(None, max_length=200)
    iban: str | None = Field(None, max_length=50)
    bic: str | None = Field(None, max_length=20)
    currency: str | None = Field(None, max_length=3)
    locale: str | None = Field(None, max_length=10)


class OnboardingInput(BaseModel):
    """What a run begins with. ``type`` says what a person knows already: ``new`` or ``old``."""

    model_config = ConfigDict(extra="forbid")
    supplier: SupplierIn
    type: str | None = Field(None, max_length=20, pattern=r"^[^\x00-\x1f]*$")
    source: str = Field("api", max_length=20, pattern=r"^[a-z]+$")


def determine(ctx: Ctx, run: Run) -> Mapping[str, Any]:  # noqa: ARG001
    """Look for the supplier by tax id, e-mail, name and, where something offers it, likeness."""
    found = evidence.gather(_given(run))
    return {
        "type": run.input.get("type") or evidence.verdict(found),
        "supplier_id": evidence.chosen(found),
        "evidence": found,
    }


def provider_type(ctx: Ctx, run: Run) -> str:  # noqa: ARG001
    """What was determined."""
    return str(run.output["DetermineProviderState"]["type"])


def handle_new(ctx: Ctx, run: Run) -> Mapping[str, Any]:
    """Register, check, ask for documents, and call where calls are on."""
    given = _given(run)
    before = {each["supplier_id"] for each in run.output["DetermineProviderState"]["evidence"]}

    def register() -> Mapping[str, Any]:
        alone("registering")
        # Another run may have registered it between our look and now: its record is ours too.
        since = [each for each in evidence.gather(given) if each["supplier_id"] not in before]
        found = evidence.sure(since)
        made = (
            suppliers.create(fields=given, by=ctx.actor)
            if found is None
            else suppliers.get(supplier_id=found)
        )
        return {"supplier_id": made.id, "client_id": _linked(ctx, made)}

    try:
        told = once(ctx, f"run:{run.id}:registered", register)
    except (InvalidInput, Conflict) as wrong:
        raise WorkflowError("RegistrationError", greeting.in_words(wrong)) from wrong
    return {**told, **greeting.greet(ctx, run, int(told["client_id"]), given)}


def handle_existing(ctx: Ctx, run: Run) -> Mapping[str, Any]:
    """Merge what is new about a known supplier, and keep what was different."""
    supplier_id = run.output["DetermineProviderState"].get("supplier_id")
    if supplier_id is None:
        raise WorkflowError("SupplierUnknown", "No supplier is like this one: begin it as new.")

    def merge() -> Mapping[str, Any]:
        known = suppliers.get(supplier_id=int(supplier_id))
        found = differences(known, _given(run))
        fields = {each["field"]: each["after"] for each in found if each["merged"]}
        if fields:
            known = suppliers.update(supplier_id=known.id, fields=fields, by=ctx.actor)
        return {
            "supplier_id": known.id,
            "client_id": _linked(ctx, known),
            "differences": found,
        }

    try:
        return once(ctx, f"run:{run.id}:merged", merge)
    except (InvalidInput, Conflict) as wrong:
        raise WorkflowError("RegistrationError", greeting.in_words(wrong)) from wrong


def differences(known: SupplierSnapshot, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a supplier says of itself that is not what we know, and whether it is taken over."""
    return [
        {"field": name, "before": before, "after": value,
         "merged": not (name in BY_HAND and before)}
        for name, value in given.items()
        if _plain(name, before := getattr(known, name)) != _plain(name, value)
    ]  # fmt: skip


def _plain(name: str, value: Any) -> str:
    """A value without what makes no difference: blanks, case, and of names the legal form."""
    text = str(value or "")
    return evidence.normalised(text) if name == "name" else "".join(text.split()).casefold()


def invoice_new(ctx: Ctx, run: Run) -> Mapping[str, Any]:
    """The first invoice: one for each supplier, whichever run gets there."""
    told = run.output["HandleNewProvider"]
    return _invoice(ctx, told, f"supplier:{told['supplier_id']}:first-invoice")


def invoice_old(ctx: Ctx, run: Run) -> Mapping[str, Any]:
    """The updated invoice: one for each run."""
    return _invoice(ctx, run.output["HandleExistingProvider"], f"run:{run.id}:invoice")


def _invoice(ctx: Ctx, told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    chosen = ctx.settings
    rate = chosen.tax_rate
    taxes = (Tax("S" if rate else "Z", rate),)
    lines = (
        (chosen.fee_description, chosen.fee_amount),
        (chosen.membership_description, chosen.membership_amount),
    )
    items = tuple(Item(words, Decimal(1), amount, taxes=taxes) for words, amount in lines if amount)
    if not items:
        return {"reason": say("No fee is set, so there is nothing to invoice.")}

    def make() -> Mapping[str, Any]:
        document = Document(ctx.business.currency or "EUR", items)
        draft = InvoiceDraft(document=document, client_id=int(told["client_id"]))
        made = invoices.create(draft=draft, by=ctx.actor, issue=True, send=True)
        return {"invoice_id": made.id, "invoice_number": made.invoice_number}

    return once(ctx, key, make)


def _linked(ctx: Ctx, supplier: SupplierSnapshot) -> int:
    """The client record a supplier is invoiced through; made and linked when there is none."""
    if supplier.client_id is not None:
        return supplier.client_id
    values = {name: getattr(supplier, name) for name in FIELDS}
    client = clients.find_or_create(
        fields={name: value for name, value in values.items() if value}, by=ctx.actor
    )
    suppliers.update(supplier_id=supplier.id, fields={"client_id": client.id}, by=ctx.actor)
    return client.id


def _given(run: Run) -> dict[str, Any]:
    supplier = run.input["supplier"]
    return {name: supplier[name] for name in FIELDS if supplier.get(name)}


def workflow() -> Workflow:
    """The state machine, under the names that everybody knows it by."""
    return Workflow(
        name=NAME,
        title="Supplier onboarding",
        start="DetermineProviderState",
        input=OnboardingInput,
        states=(
            Step(
                name="DetermineProviderState", title=say("New or known?"), run=determine,
                then="ProviderTypeChoice", retry=_OFTEN,
            ),
            Choice(
                name="ProviderTypeChoice", title=say("By type"), decide=provider_type,
                branches={"new": "HandleNewProvider", "old": "HandleExistingProvider"},
                otherwise="InvalidProviderType", variable="DetermineProviderState.type",
            ),
            Step(
                name="HandleNewProvider", title=say("New: register"), run=handle_new,
                then="GenerateAndSendInvoiceNew", retry=_OFTEN,
            ),
            Step(
                name="HandleExistingProvider", title=say("Known: merge"),
                run=handle_existing, then="GenerateAndSendInvoiceOld", retry=_OFTEN,
            ),
            Step(
                name="GenerateAndSendInvoiceNew", title=say("First invoice"), run=invoice_new,
                retry=_OFTEN,
            ),
            Step(
                name="GenerateAndSendInvoiceOld", title=say("Updated invoice"), run=invoice_old,
                retry=_OFTEN,
            ),
            Fail(
                name="InvalidProviderType", title=say("Type not valid"),
                error="ProviderTypeError",
            ),
        ),
    )  # fmt: skip
