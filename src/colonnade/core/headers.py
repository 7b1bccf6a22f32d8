"""What every answer carries, whoever made it: its ids, and the word that nobody shall guess its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.interfaces import IExecutionPolicy
from pyramid.router import default_execution_policy

from colonnade.core.problems.lastly import AFTER_ALL_OTHERS, ExecutionPolicy
from colonnade.core.request_id import stamp

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.response import Response

_NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")


def finishing(policy: ExecutionPolicy) -> ExecutionPolicy:
    """An execution policy like this one, whose answers are finished.

    That is after all tweens, callbacks and subscribers, so no order of them can leave an answer without its headers.
    A subscriber to NewResponse would do as well, but where anything is subscribed to, Pyramid tells of five events.
    """

    def execute(environ: dict[str, Any], router: Any) -> Response:
        response = policy(environ, router)
        headers = response.headerlist
        stamp(environ, headers)
        if _NOSNIFF not in headers:
            headers.append(_NOSNIFF)
        return response

    return execute


def includeme(config: Configurator) -> None:
    """Finish every answer, also that to what no tween and no view has caught."""

    def wrap() -> None:
        policy = config.registry.queryUtility(IExecutionPolicy, default=default_execution_policy)
        config.registry.registerUtility(finishing(policy), IExecutionPolicy)

    config.action("colonnade headers", wrap, order=AFTER_ALL_OTHERS + 1)
