"""Statements that PostgreSQL keeps prepared, sent without a cursor: psycopg's costs as much again as a small statement.

What waits, cancels at Ctrl-C, finds out that the server is gone, writes the arguments and reads the rows is psycopg's
all the same. Left out is what a cursor offers beside: scrolling, descriptions, and the last result until the next one.
A transaction begins together with its first statement, and may end together with its last one: that is a round trip
less for each (libpq's pipeline mode).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute, fetch, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult


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
        name, values, formats = self._bound(query, arguments)
        server = self._server
        if server.transaction_status == TransactionStatus.IDLE and not self.connection.autocommit:
            _, result = self._together(
                self._begin, lambda: server.send_query_prepared(name, values, param_formats=formats)
            )
            return self._read(result)
        server.send_query_prepared(name, values, param_formats=formats)
        return self._read(self._result())

    def rows_and_commit(self, query: bytes, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        """The same for the last statement of a transaction, which is committed with it.

        :raises psycopg.Error: also for what COMMIT finds; where the connection was lost, nobody knows what happened.
        """
        name, values, formats = self._bound(query, arguments)
        result, _ = self._together(
            lambda: self._server.send_query_prepared(name, values, param_formats=formats), self._commit
        )
        return self._read(result)

    def doubt(self) -> None:
        """The server may have forgotten them: it is asked before the next one is sent."""
        self._doubted = True

    def _bound(self, query: bytes, arguments: Sequence[object]) -> tuple[bytes, Sequence[Any], Sequence[Any] | None]:
        """The name of a statement, which is prepared now if it was not yet, and its arguments as they are sent."""
        transformer = self._transformer
        values = transformer.dump_sequence(arguments, [PyFormat.AUTO] * len(arguments))
        return self._name(query, transformer.types or ()), values, transformer.formats

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
        """The results of statements that are sent at once."""
        server = self._server
        server.enter_pipeline_mode()
        try:
            for each in sendings:
                each()
            server.pipeline_sync()
            results: list[PGresult] = self.connection.wait(_answers(server))
        except BaseException:
            self.connection.close()  # nobody knows what else the server will answer
            raise
        server.exit_pipeline_mode()
        for result in results:
            self._require_good(result)
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


def _answers(server: PGconn) -> Generator[Any, Any, list[PGresult]]:
    """Send what is to be sent, and receive a result of each statement, up to the end of the pipeline."""
    yield from send(server)
    found: list[PGresult] = []
    ended = False
    while True:
        result = yield from fetch(server)
        if result is None:  # the end of one statement's
            if ended:
                raise OperationalError("the connection is lost")
            ended = True
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return found
        found.append(result)
        ended = False
