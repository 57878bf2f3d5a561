"""What the plugins' tests share with the core's: a browser without a screen, and its people."""

from tests.integration.web.conftest import do, owner, stranger, viewer

__all__ = ["do", "owner", "stranger", "viewer"]
