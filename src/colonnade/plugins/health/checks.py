"""What has to be there for a process to be ready, and who adds to it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.request import Request

from colonnade.core.database import database_of
from colonnade.core.plugins import plugins_of
from colonnade.core.problems import Fault, Problem

#: request → what is wrong, for anybody to read; None if nothing is.
Check = Callable[[Request], str | None]

log = logging.getLogger(__name__)

_CHECKS = "colonnade.readiness_checks"


def add_readiness_check(config: Configurator, name: str, function: Check | str) -> None:
    """Add something without which the process is not ready.

    :param name: what is checked, one word such as ``mail``; it is shown.
    :param function: request → None if all is well, else one sentence of what is wrong, which anybody may read; or its
        dotted name. It answers within a second or so. What it raises counts as wrong, and is logged.
    """
    check: Check = config.maybe_dotted(function)

    def register() -> None:
        config.registry[_CHECKS][name] = check

    introspectable = config.introspectable("colonnade readiness checks", name, name, "readiness check")
    introspectable["function"] = check
    config.action(("colonnade readiness check", name), register, introspectables=(introspectable,))


def faults(request: Request) -> tuple[Fault, ...]:
    """All that keeps the process from being ready; the name of the check is the code of the fault."""
    checks: dict[str, Check] = request.registry[_CHECKS]
    found = ((name, _outcome(name, check, request)) for name, check in checks.items())
    return tuple(Fault(wrong, code=name) for name, wrong in found if wrong is not None)


def _outcome(name: str, check: Check, request: Request) -> str | None:
    try:
        return check(request)
    except Problem as problem:  # made to be shown
        return str(problem)
    except Exception:
        log.exception("request %s: the readiness check %s failed", request.id, name)
        return "The check itself failed."


def database_is_ready(request: Request) -> str | None:
    """The database answers, and has seen all migrations."""
    # Alembic is a tenth of what an application imports, and the command, which starts one for each verb, asks not here.
    from colonnade.core.database.migrations import pending

    if pending(database_of(request.registry), plugins_of(request.registry)):
        return "The database is not migrated: run `colonnade migrate`."
    return None


def includeme(config: Configurator) -> None:
    """Bring the directive, and the check of what every application needs."""
    config.registry[_CHECKS] = {}
    config.add_directive("add_readiness_check", add_readiness_check)
    config.add_readiness_check("database", database_is_ready)
