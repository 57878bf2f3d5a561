"""Names and addresses on paper, by the custom of the address's country."""

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.qr import plain_iban
from invoicer_core.builtin.weasyprint_document.view import Fact
from invoicer_core.plugin import Party

# City, region, postcode on one line; elsewhere the postcode leads.
_CITY_FIRST = frozenset({"US", "CA", "AU", "IN", "NZ", "SG", "TH", "TW", "SA", "AE", "EG", "KW"})
_POSTCODE_LAST_LINE = frozenset({"GB", "IE", "ZA", "HK"})
_LETTER_PAPER = frozenset(
    {"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "PR", "SV", "VE"}
)


def paper_size(country: str | None) -> str:
    """The CSS page size customary in a country."""
    return "letter" if (country or "").upper() in _LETTER_PAPER else "A4"


def display_name(party: Party) -> str:
    """The legal name, which a document must bear, else the usual one."""
    return party.legal_name or party.name


def address_lines(party: Party, formats: Formats, home: str | None) -> tuple[str, ...]:
    """Name, street, place, and the country where it is not ``home``."""
    names = [display_name(party)]
    if party.contact_name and party.contact_name != names[0]:
        names.append(party.contact_name)
    lines = names + _street(party) + _place(party)
    if party.country and party.country.upper() != (home or "").upper():
        lines.append(formats.territory(party.country).upper())
    return tuple(lines)


def sender_line(party: Party) -> str:
    """The return address in one small line above the recipient."""
    return " · ".join([display_name(party), *_street(party), *_place(party)])


def footer_columns(party: Party, formats: Formats) -> tuple[tuple[Fact, ...], ...]:
    """Address, contact, registration and bank; columns without content are left out."""
    words = formats.words
    address = [Fact("", line) for line in [display_name(party), *_street(party), *_place(party)]]
    if party.country:
        address.append(Fact("", formats.territory(party.country)))
    registration = party.registration.value if party.registration else None
    return tuple(
        column
        for column in (
            tuple(address),
            _facts((words.contact, party.contact_name), ("", party.phone), ("", party.email)),
            _facts(
                (words.vat_id, party.vat_id),
                (words.tax_number, party.tax_number),
                (words.registration, registration),
            ),
            _facts(("IBAN", grouped_iban(party.iban)), ("BIC", party.bic)),
        )
        if column
    )


def grouped_iban(iban: str | None) -> str | None:
    """In groups of four, as printed on paper (ISO 13616); other account numbers as they are."""
    if not iban:
        return None
    plain = plain_iban(iban)
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4)) if plain else iban


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label, value) for label, value in pairs if value)


def _street(party: Party) -> list[str]:
    return [line.strip() for line in (party.address or "").splitlines() if line.strip()]


def _place(party: Party) -> list[str]:
    country = (party.country or "").upper()
    city, postcode, region = party.city or "", party.postcode or "", party.region or ""
    if country in _POSTCODE_LAST_LINE:
        lines = [city, region, postcode]
    elif country in _CITY_FIRST:
        lines = [", ".join(part for part in (city, f"{region} {postcode}".strip()) if part)]
    else:
        lines = [f"{postcode} {city}".strip(), region]
    return [line for line in lines if line]
