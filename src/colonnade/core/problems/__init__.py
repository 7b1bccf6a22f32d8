"""Every error as RFC 9457: raised as a `Problem`, answered as ``application/problem+json`` or as a page for a browser.

The room holds the exceptions (`exceptions`), how one is written (`rendering`), and which problem each other error is
(`views`, `mismatch`, `services`, `lastly`). It knows no resource and no database: those rooms raise what stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from colonnade.core.problems.exceptions import (
    TYPE_PREFIX,
    BadRequest,
    Conflict,
    ContentTooLarge,
    Fault,
    Forbidden,
    Gone,
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = [
    "TYPE_PREFIX",
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "Fault",
    "Forbidden",
    "Gone",
    "InternalError",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "Unauthorized",
    "Unavailable",
    "Unprocessable",
    "UnsupportedMediaType",
    "includeme",
]


def includeme(config: Configurator) -> None:
    """Answer everything that is raised, anywhere, with a problem."""
    config.include("colonnade.core.problems.views")
    config.include("colonnade.core.problems.services")
    config.include("colonnade.core.problems.lastly")
