"""Several records in one transaction: all are written, or none, and each one that stood in the way is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from pyramid_retry import IRetryableError
from sqlalchemy.orm import Session

from colonnade.core.problems import (
    Conflict,
    Fault,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Problem,
    Unauthorized,
    Unprocessable,
)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: How many faults are told: a request in which more is wrong has one thing wrong with all of it.
ENOUGH = 1_000

#: Which status is answered where several records are refused for different reasons: the first of these.
_PRECEDENCE: tuple[type[Problem], ...] = (Unprocessable, Conflict, PreconditionFailed, Forbidden, NotFound)


def all_or_none(
    session: Session, items: Iterable[_Item], perform: Callable[[_Item], _Result], place: str = ""
) -> list[_Result]:
    """Do something with each item, in order; what one of them did is there for the next.

    :param place: where the items stand in the body, as a JSON Pointer; the faults of item 2 point below ``…/2``.
    :raises Problem: with the faults of all items that were refused. Nothing has happened then.
    """
    results: list[_Result] = []
    refused: list[tuple[int, Problem]] = []
    told = 0
    with session.begin_nested():
        for index, item in enumerate(items):
            if told >= ENOUGH:
                break
            try:
                with session.begin_nested():
                    results.append(perform(item))
            except Problem as problem:
                if problem.status >= 500 or isinstance(problem, Unauthorized) or IRetryableError.providedBy(problem):
                    raise
                refused.append((index, problem))
                told += max(len(problem.faults), 1)
        if refused:
            raise refusal_of_some(refused, place)
    return results


def refusal_of_some(refused: Sequence[tuple[int, Problem]], place: str = "") -> Problem:
    """The problem that some of several records are, each refused by a problem of its own.

    :param refused: the index of each, and why; at least one.
    :param place: as in `all_or_none`.
    """
    problems = [problem for _, problem in refused]
    faults = [fault for index, problem in refused for fault in _faults(problem, f"{place}/{index}")]
    kind = next((each for each in _PRECEDENCE if any(isinstance(one, each) for one in problems)), None)
    chosen = next(one for one in problems if kind is None or isinstance(one, kind))
    number = f"{len(refused)} of the records {'is' if len(refused) == 1 else 'are'}"
    detail = f"{number} in the way, so none was written: {chosen.detail or chosen.title}"
    if len(faults) >= ENOUGH:
        del faults[ENOUGH:]
        detail += " So much is wrong that the rest was not looked at."
    raised = Problem.of_status(chosen.status, detail, faults=faults)
    raised.slug, raised.title = chosen.slug, chosen.title
    return raised


def _faults(problem: Problem, place: str) -> list[Fault]:
    if not problem.faults:
        return [Fault(problem.detail or problem.title, pointer=place, code=problem.slug or str(problem.status))]
    return [replace(fault, pointer=place + (fault.pointer or "")) for fault in problem.faults]
