"""What went wrong, for the one who typed the command: clear text or JSON, and an exit code. Never a traceback."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from colonnade.core.console import write_json

if TYPE_CHECKING:
    from colonnade.core.problems import Fault, Problem


class Exit(enum.IntEnum):
    """The exit codes of ``colonnade``; docs/command-line.md lists them."""

    OK = 0
    REFUSED = 1
    USAGE = 2  # click's own
    CONFIGURATION = 3
    UNAVAILABLE = 4
    PARTLY = 5  # of import --continue
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it


@dataclass(frozen=True)
class Failure:
    """An error as the command tells it.

    text: for a person, several lines perhaps.
    members: the members of a problem (RFC 9457), for a program.
    """

    code: Exit
    text: str
    members: Mapping[str, object]

    def tell(self, *, as_json: bool) -> None:
        """Write it: as the one JSON document on standard output, or as text on standard error."""
        if as_json:
            write_json(self.members)
        else:
            head, *rest = self.text.splitlines()
            click.echo(click.style(head, fg="red"), err=True)
            for line in rest:
                click.echo(line, err=True)


def failure_of(error: BaseException) -> Failure | None:
    """How an error is told; None if it is nobody's but a programmer's, who needs the traceback."""
    from pyramid.exceptions import ConfigurationError

    if isinstance(error, ConfigurationError):
        return _of_configuration(error)
    from colonnade.core.database import problem_of
    from colonnade.core.database.migrations import MigrationError

    if isinstance(error, MigrationError):
        return Failure(Exit.REFUSED, str(error), {"type": "about:blank", "title": "Migration", "detail": str(error)})
    problem = problem_of(error)
    return None if problem is None else _of_problem(problem)


def _of_problem(problem: Problem) -> Failure:
    members: dict[str, object] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if problem.detail:
        members["detail"] = problem.detail
    if problem.faults:
        members["errors"] = [fault.members() for fault in problem.faults]
    from colonnade.core.database.failures import driver_error
    from colonnade.core.problems import Fault

    # One that says nothing more than the problem itself does is for programs.
    faults = [fault for fault in problem.faults if fault.detail != problem.detail]
    if problem.status == 503 and problem.__cause__ is not None:
        # A caller of the API is not told what the database says; who types commands is its operator.
        faults.append(Fault(" ".join(str(driver_error(problem.__cause__)).split())))
    lines = [problem.detail or f"{problem.title}.", *(f"  {_line(fault)}" for fault in faults)]
    code = Exit.UNAVAILABLE if problem.status == 503 else Exit.REFUSED
    return Failure(code, "\n".join(lines), {**members, **problem.extensions})


def _line(fault: Fault) -> str:
    place = (fault.pointer or "").lstrip("/") or fault.parameter
    allowed = f" Known: {', '.join(fault.allowed)}." if fault.allowed else ""
    return (f"{place}: " if place else "") + fault.detail + allowed


def _of_configuration(error: Exception) -> Failure:
    from colonnade.core.settings import ConfigurationErrors

    members: dict[str, object] = {"type": "urn:colonnade:problem:configuration", "title": "Configuration"}
    if isinstance(error, ConfigurationErrors):
        errors = [{"detail": mistake.text, "where": str(mistake.origin)} for mistake in error.mistakes]
        return Failure(Exit.CONFIGURATION, str(error), {**members, "errors": errors})
    text = str(error).strip()
    told = f"Colonnade cannot start: {text}"
    return Failure(Exit.CONFIGURATION, told, {**members, "errors": [{"detail": text}]})
