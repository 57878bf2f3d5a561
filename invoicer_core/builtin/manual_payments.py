"""Payments that a person records: bank transfer, cash, cheque, card terminal."""

from collections.abc import Iterable

from invoicer_core.plugin import PaymentProvider, Plugin, hookimpl


class ManualPaymentsPlugin(Plugin):
    """Records money that arrived outside of any provider."""

    name = "manual_payments"
    title = "Payments by hand"
    default_on = True

    @hookimpl
    def payment_providers(self) -> Iterable[PaymentProvider]:
        """Nothing to start, refund or look up: the money moves outside."""
        yield PaymentProvider("manual", "Bank transfer, cash or cheque")
