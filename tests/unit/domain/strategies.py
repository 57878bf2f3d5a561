"""Documents of every kind the rules allow, for property tests."""

from decimal import Decimal

from hypothesis import strategies as st

from invoicer_core.domain.document import (
    Adjustment,
    Document,
    Item,
    PriceDiscount,
    Tax,
    Withholding,
)

TAXES = (
    Tax("S", Decimal(19)),
    Tax("S", Decimal(7)),
    Tax("S", Decimal("8.1")),
    Tax("S", Decimal("5.5")),
    Tax("Z", Decimal(0)),
    Tax("E", Decimal(0)),
)


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


percents = st.integers(0, 10000).map(lambda n: Decimal(n).scaleb(-2))
line_discounts = st.builds(lambda p: Adjustment(percent=p / 3 // Decimal("0.01") / 100), percents)
line_charges = st.builds(lambda a: Adjustment(amount=a), decimals("0", "50", 3))


@st.composite
def items(draw: st.DrawFn, negative: bool = True) -> Item:
    low = "-9" if negative else "0.001"
    quantity = draw(st.one_of(decimals(low, "30", 3), st.integers(1, 9).map(Decimal)))
    tax = draw(st.sampled_from((*TAXES, None)))
    return Item(
        "Thing",
        quantity,
        draw(st.one_of(decimals("0", "999", 2), decimals("0", "99", 5))),
        base_quantity=draw(st.sampled_from((Decimal(1), Decimal(1), Decimal(3), Decimal(100)))),
        price_discounts=tuple(
            PriceDiscount(percent=p / 4) for p in draw(st.lists(percents, max_size=1))
        ),
        discounts=tuple(draw(st.lists(line_discounts, max_size=2))),
        charges=tuple(draw(st.lists(line_charges, max_size=1))),
        taxes=() if tax is None else (tax,),
    )


@st.composite
def documents(draw: st.DrawFn, negative: bool = True) -> Document:
    lines = tuple(draw(st.lists(items(negative), min_size=1, max_size=7)))
    present = [line.taxes[0] for line in lines if line.taxes]
    tax = st.sampled_from([None, *present])
    off = st.builds(lambda p, t: Adjustment(percent=p / 4, tax=t), percents, tax)
    on = st.builds(
        lambda a, t: Adjustment(amount=a, tax=t),
        decimals("0", "60", 2),
        st.sampled_from([None, *TAXES]),
    )
    return Document(
        draw(st.sampled_from(("EUR", "EUR", "JPY", "KWD", "CLF"))),
        lines,
        prices_include_tax=draw(st.booleans()),
        discounts=tuple(draw(st.lists(off, max_size=3))),
        charges=tuple(draw(st.lists(on, max_size=2))),
        prepaid=tuple(draw(st.lists(st.integers(0, 99).map(Decimal), max_size=2))),
        withholding=tuple(
            Withholding(rate, on=base)
            for rate, base in draw(
                st.lists(
                    st.tuples(percents, st.sampled_from(("net", "gross", "items"))), max_size=2
                )
            )
        ),
    )
