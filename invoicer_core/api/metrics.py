"""Figures for Prometheus. Rules and statuses only: no ids, names or amounts."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REGISTRY: Final = CollectorRegistry(auto_describe=True)
_REQUESTS: Final = Counter(
    "invoicer_requests", "Requests answered", ["method", "rule", "status"], registry=REGISTRY
)
_SECONDS: Final = Histogram(
    "invoicer_request_seconds", "Time to answer", ["rule"], buckets=_BUCKETS, registry=REGISTRY
)
_HOOKS: Final = Counter(
    "invoicer_hook_calls", "Calls of providers to plugins", ["plugin", "hook", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
_DELIVERIES: Final = Gauge(
    "invoicer_deliveries", "Deliveries that are not done", ["state"], registry=REGISTRY
)
_OLDEST: Final = Gauge(
    "invoicer_oldest_due_seconds", "How long the oldest due delivery has waited", registry=REGISTRY
)
_PART: Final = Gauge("invoicer_part_up", "1 for a part that works", ["part"], registry=REGISTRY)


def seen(method: str, rule: str, status: int, seconds: float) -> None:
    """Count a request."""
    _REQUESTS.labels(method, rule, str(status)).inc()
    _SECONDS.labels(rule).observe(seconds)


def hook_called(plugin: str, hook: str, outcome: str) -> None:
    """Count a provider's call: taken, refused, failed, forged, nowhere."""
    _HOOKS.labels(plugin, hook, outcome).inc()


def text(deliveries: dict[str, int], oldest: float, parts: dict[str, bool]) -> bytes:
    """The page that Prometheus reads."""
    for state in ("due", "leased", "parked"):
        _DELIVERIES.labels(state).set(deliveries.get(state, 0))
    _OLDEST.set(oldest)
    for part, works in parts.items():
        _PART.labels(part).set(1 if works else 0)
    return bytes(generate_latest(REGISTRY))
