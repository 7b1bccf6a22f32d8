"""Statements that PostgreSQL keeps prepared, sent without a cursor: psycopg's costs as much again as a small statement.

What waits, cancels at Ctrl-C, finds out that the server is gone, writes the arguments and reads the rows is psycopg's
all the same. Left out is what a cursor offers beside: scrolling, descriptions, and the last result until the next one.
A transaction begins together with its first statement, and may end together with its last one: that is a round trip
less for each (libpq's pipeline mode).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, TypeAlias

from psycopg import Connection, Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute, fetch_many
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_Check: TypeAlias = Callable[[list[tuple[Any, ...]]], object]


class ServerStatements:
    """The statements that one connection has prepared, as many as psycopg itself would keep (`prepared_max`).

    For a connection on which nobody else is at work at that moment.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection
        self._server = connection.pgconn
        self._transformer = Transformer(connection)
        self._names: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._prepared = 0
        self._doubted = False

    def rows(self, query: bytes, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        """Execute a statement that returns rows, and return all of them.

        On a connection that is not in autocommit a transaction begins before, if none has begun.

        :param query: with the server's placeholders: ``$1``.
        :raises psycopg.Error: as a cursor does.
        """
        send = self._bound(query, arguments)
        if self._server.transaction_status == TransactionStatus.IDLE and not self.connection.autocommit:
            _, result = self._together(self._begin, send)
            return self._read(result)
        send()
        return self._read(self._result())

    def rows_after(
        self, awaited: Sequence[tuple[bytes, Sequence[object], _Check]], query: bytes, arguments: Sequence[object]
    ) -> list[tuple[Any, ...]]:
        """Execute a statement after others: in one round trip, where no transaction has begun yet.

        :param awaited: statements and their arguments, as :meth:`rows` takes them, each with what is given its rows
            before anybody hears of what comes after it, and may raise.
        :raises psycopg.Error: as a cursor does; of a statement only where the checks before it have passed.
        """
        idle = self._server.transaction_status == TransactionStatus.IDLE
        # In a transaction, one that cannot be prepared would leave no way to check those before it; and where fewer are
        # kept, preparing the last one makes the server forget the first.
        if not idle or (self.connection.prepared_max or 0) <= len(awaited):
            self._check(awaited)
            return self.rows(query, arguments)
        try:
            sendings = [self._bound(each, values) for each, values, _ in awaited]
            sendings.append(self._bound(query, arguments))
        except (Error, OverflowError, UnicodeEncodeError):
            # One cannot be prepared, or has an argument that the driver cannot write: to be told after the checks only.
            if not self.connection.closed:
                self._check(awaited)
            raise
        begin = () if self.connection.autocommit else (self._begin,)
        results = self._results(*begin, *sendings)
        for begun in results[: len(begin)]:
            self._require_good(begun)
        *others, last = results[len(begin) :]
        for result, (_, _, check) in zip(others, awaited, strict=True):
            self._require_good(result)
            check(self._read(result))
        self._require_good(last)
        return self._read(last)

    def _check(self, awaited: Sequence[tuple[bytes, Sequence[object], _Check]]) -> None:
        """Execute statements one after the other, each checked before the next."""
        for query, arguments, check in awaited:
            check(self.rows(query, arguments))

    def rows_and_commit(self, query: bytes, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        """The same for the last statement of a transaction, which is committed with it.

        :raises psycopg.Error: also for what COMMIT finds; where the connection was lost, nobody knows what happened.
        """
        result, _ = self._together(self._bound(query, arguments), self._commit)
        return self._read(result)

    def doubt(self) -> None:
        """The server may have forgotten them: it is asked before the next one is sent."""
        self._doubted = True

    def _bound(self, query: bytes, arguments: Sequence[object]) -> Callable[[], None]:
        """What sends a statement with its arguments; it is prepared now if it was not yet."""
        transformer = self._transformer
        values = transformer.dump_sequence(arguments, [PyFormat.AUTO] * len(arguments))
        name = self._name(query, transformer.types or ())
        return partial(self._server.send_query_prepared, name, values, param_formats=transformer.formats)

    def _name(self, query: bytes, types: tuple[int, ...]) -> bytes:
        """What the server knows a statement by; it is prepared now if it does not know it yet."""
        if self._doubted:
            self._ask()
        key = (query, types)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        if len(self._names) >= (self.connection.prepared_max or 1):
            oldest = next(iter(self._names))
            self._server.send_query(b"DEALLOCATE " + self._names[oldest])
            self._result()
            del self._names[oldest]  # not before: in a transaction that has failed the server keeps it
        self._prepared += 1
        name = f"colonnade_{self._prepared}".encode()
        self._server.send_prepare(name, query, param_types=types)
        self._result()
        self._names[key] = name
        return name

    def _ask(self) -> None:
        """Forget what the server has forgotten."""
        self._server.send_query(b"SELECT name FROM pg_prepared_statements")
        result = self._result()
        known = {result.get_value(row, 0) for row in range(result.ntuples)}
        self._names = OrderedDict((key, name) for key, name in self._names.items() if name in known)
        self._doubted = False

    def _begin(self) -> None:
        """As psycopg would begin it, with the properties that the connection was given."""
        one, said = self.connection, ["BEGIN"]
        if one.isolation_level is not None:
            said.append(f"ISOLATION LEVEL {one.isolation_level.name.replace('_', ' ')}")
        if one.read_only is not None:
            said.append("READ ONLY" if one.read_only else "READ WRITE")
        if one.deferrable is not None:
            said.append("DEFERRABLE" if one.deferrable else "NOT DEFERRABLE")
        self._server.send_query_params(" ".join(said).encode(), None)

    def _commit(self) -> None:
        self._server.send_query_params(b"COMMIT", None)

    def _together(self, *sendings: Callable[[], None]) -> list[PGresult]:
        """The results of statements that are sent at once, if all are good."""
        results = self._results(*sendings)
        for result in results:
            self._require_good(result)
        return results

    def _results(self, *sendings: Callable[[], None]) -> list[PGresult]:
        """The results of statements that are sent at once, good or not."""
        server, wait = self._server, self.connection.wait
        server.enter_pipeline_mode()
        try:
            for each in sendings:
                each()
            server.pipeline_sync()
            found = wait(execute(server))
            for _ in sendings:  # those after the first, and the end of the pipeline
                found += wait(fetch_many(server)) or _raise_lost()
        except BaseException:
            self.connection.close()  # nobody knows what else the server will answer
            raise
        server.exit_pipeline_mode()
        results: list[PGresult] = found[:-1]
        return results

    def _result(self) -> PGresult:
        """The result of what was sent."""
        result: PGresult
        (result,) = self.connection.wait(execute(self._server))
        self._require_good(result)
        return result

    def _require_good(self, result: PGresult) -> None:
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, encoding=self.connection.info.encoding)

    def _read(self, result: PGresult) -> list[tuple[Any, ...]]:
        transformer = self._transformer
        try:
            transformer.set_pgresult(result)
            return transformer.load_rows(0, result.ntuples, tuple)
        finally:
            transformer.set_pgresult(None)  # an answer is large; nobody looks at it again


def _raise_lost() -> NoReturn:
    raise OperationalError("the connection is lost")
