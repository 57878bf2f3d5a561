"""Asking the domain name system, with little patience."""

from typing import Any, Final

import dns.exception
import dns.resolver
from dns.rdatatype import CNAME, TXT, RdataType

from invoicer_core.plugin import RetryLater, outside
from invoicer_email_providers.settings import DNS_ENV, Ctx

SECONDS: Final = 2.0


class Resolver:
    """Looks up records of the business's domain.

    Raises:
        PermanentFailure: the DNS server from the settings may not be asked.
        RetryLater: it is not known now.
    """

    def __init__(self, ctx: Ctx) -> None:
        given = ctx.settings.dns_server
        if given and not outside.is_operators(given, DNS_ENV):
            outside.check_address(f"https://{given}")
        self._asks = dns.resolver.Resolver(configure=not given)
        self._asks.lifetime = SECONDS
        if given:
            host, _colon, port = given.rpartition(":")
            self._asks.nameservers = [host.strip("[]")]
            self._asks.port = int(port)

    def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each in one piece. Raises RetryLater."""
        return tuple(
            b"".join(each.strings).decode("utf-8", "replace") for each in self._found(name, TXT)
        )

    def alias(self, name: str) -> str | None:
        """What a name is an alias of, without the last dot. Raises RetryLater."""
        found = [each.target.to_text(omit_final_dot=True) for each in self._found(name, CNAME)]
        return found[0].lower() if found else None

    def _found(self, name: str, kind: RdataType) -> list[Any]:
        try:
            return list(self._asks.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as trouble:
            words = f"The DNS server did not say what {name} is ({type(trouble).__name__})."
            raise RetryLater(words) from trouble
