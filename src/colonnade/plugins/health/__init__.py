"""Tells whoever watches over the process how it is.

``GET /health`` answers as long as the process does: whoever gets no answer restarts it. ``GET /ready`` is 200 while
all that requests need is there, else a 503 that names what is not: whoever gets it sends requests elsewhere. Another
plug-in adds what it needs by ``config.add_readiness_check(name, function)``, and names ``health`` in its ``requires``.
Both are open to anybody and tell nothing secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Bring ``GET /health``, ``GET /ready`` and ``config.add_readiness_check``."""
    config.add_plugin("health", summary="Liveness and readiness, for whoever watches over the process")
    config.include("colonnade.plugins.health.checks")
    config.include("colonnade.plugins.health.views")
