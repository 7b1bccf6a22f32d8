"""Rows go into the database, a batch at once; where a batch is not taken, the rows at fault are found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from pyramid_retry import IRetryableError

from colonnade.core.problems import Conflict, Forbidden, Problem, Unauthorized, Unprocessable
from colonnade.core.writing.author import Author
from colonnade.core.writing.events import AfterWrite, BeforeWrite, Listeners, Verb
from colonnade.core.writing.lookup import Key
from colonnade.core.writing.plain import Events, Plainness
from colonnade.core.writing.relations import key_of, related
from colonnade.core.writing.results import Results
from colonnade.core.writing.telling import ToldTo

from .changing import FORBIDDEN
from .columns import Columns
from .rows import Entry, Refusals, alike, batches
from .uniqueness import Uniqueness

#: How many rows are tried at once where one of them is at fault.
FEW = 100


class _Undone(Exception):
    """Ends a savepoint in which rows were written that may not be; the others are tried again."""

    def __init__(self, refused: Mapping[int, Problem]) -> None:
        self.refused = refused


class Storing(ABC):
    """Writes rows of one kind, and holds the results against the policy.

    written: how many there are by now.
    """

    verb: ClassVar[Verb]
    action: ClassVar[Literal["create", "edit"]]
    #: The events of the ORM that somebody may listen to, so that a statement would not do the same.
    events: ClassVar[Events]

    def __init__(
        self,
        author: Author,
        listeners: Listeners,
        columns: Columns,
        uniqueness: Uniqueness,
        refusals: Refusals,
        *,
        with_keys: bool,
    ) -> None:
        self._author = author
        self._listeners = listeners
        self._columns = columns
        self._fields = columns.fields
        self._resource = columns.resource
        self._mapper = columns.resource.mapper
        self._uniqueness = uniqueness
        self._refusals = refusals
        self._with_keys = with_keys
        self._results: dict[tuple[str, ...], Results] = {}
        self._hears_before = listeners.hear(BeforeWrite, self._resource, self.verb)
        self._hears_after = listeners.hear(AfterWrite, self._resource, self.verb)
        self._heard = self._hears_before or self._hears_after
        self._plain = not self._heard and self._is_plain()
        self.written = 0

    def store(self, entries: Sequence[Entry]) -> None:
        """Write rows. Those that the database, a listener or the policy does not take are refused."""
        # Who listens to a row finds the rows before it in the database, and hears of each once.
        groups = ((tuple(entry.values), [entry]) for entry in entries) if self._heard else alike(entries)
        for names, group in groups:
            if self._refusals.enough:
                return
            problem, left = self._try(names, group)
            if problem is None:
                continue
            # What is taken can be asked for, for all of them at once; anything else has to be tried.
            left = self._uniqueness.beside(left)
            if len(group) > 1:
                self._search(names, left)
            elif left:
                self._refuse(left[0], problem)

    def _try(self, names: tuple[str, ...], entries: Sequence[Entry]) -> tuple[Problem | None, Sequence[Entry]]:
        """Write rows that give the same fields; those that their author may not write so are refused.

        :returns: why the database takes none of the others, if it does not take one of them; and the others.
        """
        as_objects = not self._plain or any(name in self._fields.relations for name in names)
        while entries:
            try:
                with ToldTo(self._fields), self._savepoint(as_objects):
                    refused = self._by_objects(names, entries) if as_objects else self._by_statement(names, entries)
                    if refused:
                        raise _Undone(refused)
            except _Undone as undone:
                for entry in entries:
                    if problem := undone.refused.get(entry.line):
                        self._refuse(entry, problem)
                entries = [entry for entry in entries if entry.line not in undone.refused]
            except (Conflict, Unprocessable) as problem:
                return problem, entries
            else:
                self.written += len(entries)
                break
        return None, entries

    def _search(self, names: tuple[str, ...], entries: Sequence[Entry]) -> None:
        """Find the rows at fault: write a few at a time, and where these are not taken, each by itself."""
        for few in batches(entries, FEW):
            problem, left = self._try(names, few)
            for entry in left if problem is not None else ():
                if self._refusals.enough:
                    return
                problem, _ = self._try(names, [entry])
                if problem is not None:
                    self._refuse(entry, problem)

    def _is_plain(self) -> bool:
        """Tell whether a statement does the same as the unit of work."""
        return Plainness(self._mapper).holds(self._author.session, self.events)

    @contextmanager
    def _savepoint(self, as_objects: bool) -> Iterator[None]:
        """A savepoint. That of a session costs twice as much, which shows where rows are tried one by one."""
        session = self._author.session
        with session.begin_nested() if as_objects else session.connection().begin_nested():
            yield

    def _by_statement(self, names: tuple[str, ...], entries: Sequence[Entry]) -> Mapping[int, Problem]:
        """Write all by one statement of Core; the keys are only asked for where somebody needs them."""
        results = self._results_of(names)
        keys = self._execute(names, entries, with_keys=self._with_keys or results.undecided)
        for entry, key in zip(entries, keys, strict=True) if keys else ():
            entry.key = key
        return self._forbidden(entries, results)

    @abstractmethod
    def _execute(self, names: tuple[str, ...], entries: Sequence[Entry], *, with_keys: bool) -> Sequence[Key]:
        """Execute the statement.

        :returns: the keys of the rows, if they are asked for, in their order.
        """

    def _by_objects(self, names: tuple[str, ...], entries: Sequence[Entry]) -> Mapping[int, Problem]:
        """Write by the ORM, object by object, and tell who listens."""
        refused: dict[int, Problem] = {}
        befores: dict[int, Mapping[str, Any] | None] = {}
        records: list[tuple[Entry, Any]] = []
        for entry, record in self._objects(entries):
            before = befores[entry.line] = self._snapshot(record)
            try:
                values = self._related(entry, record)
                if self._hears_before:
                    self._tell(BeforeWrite(self._resource, self.verb, self._author, before, values))
                records.append((entry, self._assign(record, values)))
            except Problem as problem:
                refused[entry.line] = _of_row(problem)
        if refused:
            return refused
        self._flush([record for _, record in records])
        for entry, record in records:
            entry.key = key_of(self._resource, record)
        refused = dict(self._forbidden(entries, self._results_of(names)))
        for entry, record in records if self._hears_after and not refused else ():
            try:
                after = self._snapshot(record)
                self._tell(AfterWrite(self._resource, self.verb, self._author, befores[entry.line], after))
            except Problem as problem:
                refused[entry.line] = _of_row(problem)
        return refused

    @abstractmethod
    def _objects(self, entries: Sequence[Entry]) -> Iterable[tuple[Entry, Any]]:
        """The rows with the stored objects that they change; with None where they create one."""

    @abstractmethod
    def _assign(self, record: Any, values: Mapping[str, Any]) -> Any:
        """Give a record its values; a new one, if there is none."""

    @abstractmethod
    def _flush(self, records: Sequence[Any]) -> None:
        """Write the records."""

    def _related(self, entry: Entry, record: Any) -> dict[str, Any]:
        """The values of a row, with related objects where their keys stand; a relation that stays as it is goes."""
        values = dict(entry.values)
        for name in self._fields.relations.keys() & values.keys():
            objects = related(self._author, self._fields.relations[name], values.pop(name), record)
            if objects is not None:
                values[name] = objects
        return values

    def _snapshot(self, record: Any) -> Mapping[str, Any] | None:
        """The fields of a record as they are now, if anybody wants to know."""
        if record is None or not (self._hears_before or self._hears_after):
            return None
        return {name: getattr(record, name) for name in self._resource.fields}

    def _tell(self, event: BeforeWrite | AfterWrite) -> None:
        self._listeners.notify(event)

    def _results_of(self, names: tuple[str, ...]) -> Results:
        if names not in self._results:
            self._results[names] = Results(self._author, self._fields.access, names, self.action)
        return self._results[names]

    def _forbidden(self, entries: Sequence[Entry], results: Results) -> Mapping[int, Problem]:
        """The rows whose results are not their author's to write."""
        if not results.undecided:
            return {}
        refused = results.refused([entry.key for entry in entries if entry.key is not None])
        said = f"You may not {self.action} this record of {self._resource.name} so."
        return {entry.line: Forbidden(said) for entry in entries if entry.key in refused}

    def _refuse(self, entry: Entry, problem: Problem) -> None:
        code = FORBIDDEN if isinstance(problem, Forbidden) else "rule"
        self._refusals.add_problem(entry.line, problem, self._columns.headers, code)


def _of_row(problem: Problem) -> Problem:
    """The problem, if it is a refusal of the row at hand; what would befall any row is raised."""
    if problem.status >= 500 or isinstance(problem, Unauthorized) or IRetryableError.providedBy(problem):
        raise problem
    return problem
