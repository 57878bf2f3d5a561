"""The tax rates that the first set-up leaves: those chosen are kept or made, the others put away,
all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from invoicer_core.domain.actor import Actor
from invoicer_core.services import businesses, tax_rates
from invoicer_core.services.starting_rates import StartingRate, starting_rates
from invoicer_core.services.transaction import transaction


@dataclass(frozen=True, slots=True)
class Choice:
    """A rate to be kept. ``id`` None: a new one; ``fields`` are name, rate and is_default."""

    id: int | None
    category: str
    fields: Mapping[str, Any]


def missing() -> tuple[StartingRate, ...]:
    """The usual rates of the business's country that it does not have."""
    there = {(each.category, each.rate) for each in tax_rates.find(limit=200).items}
    proposed = starting_rates(businesses.current().country)
    return tuple(each for each in proposed if (each.category, each.rate) not in there)


def save(*, choices: Sequence[Choice], dropped: Sequence[int], by: Actor) -> None:
    """Keep or make some rates and put others away; documents that use those keep them.

    Raises:
        NotFound: a rate that is not there (any more).
        InvalidInput: a name or rate that cannot be.
    """
    proposed = {(each.category, each.rate): each for each in missing()}
    with transaction(by=by):
        for rate_id in dropped:
            tax_rates.archive(tax_rate_id=rate_id, by=by)
        for choice in sorted(choices, key=lambda each: bool(each.fields["is_default"])):
            if choice.id is not None:
                tax_rates.update(tax_rate_id=choice.id, fields=choice.fields, by=by)
                continue
            found = proposed.get((choice.category, choice.fields["rate"]))
            reason = {} if found is None else {
                "exemption_code": found.exemption_code, "exemption_text": found.exemption_text,
            }  # fmt: skip
            fields = {**choice.fields, "category": choice.category, **reason}
            tax_rates.create(fields=fields, by=by)
