"""Statements that PostgreSQL keeps prepared, sent without a cursor: psycopg's costs as much again as a small statement.

What waits, cancels at Ctrl-C, finds out that the server is gone, writes the arguments and reads the rows is psycopg's
all the same. Left out is what a cursor offers beside: scrolling, descriptions, and the last result until the next one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult


class ServerStatements:
    """The statements that one connection has prepared, as many as psycopg itself would keep (`prepared_max`).

    For a connection in autocommit, on which nobody else is at work: none is begun before a statement.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._transformer = Transformer(connection)
        self._names: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._prepared = 0

    def rows(self, query: bytes, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        """Execute a statement that returns rows, and return all of them.

        :param query: with the server's placeholders: ``$1``.
        :raises psycopg.Error: as a cursor does.
        """
        transformer = self._transformer
        values = transformer.dump_sequence(arguments, [PyFormat.AUTO] * len(arguments))
        name = self._name(query, transformer.types or ())
        self._server.send_query_prepared(name, values, param_formats=transformer.formats)
        result = self._result()
        try:
            transformer.set_pgresult(result)
            return transformer.load_rows(0, result.ntuples, tuple)
        finally:
            transformer.set_pgresult(None)  # an answer is large; nobody looks at it again

    def _name(self, query: bytes, types: tuple[int, ...]) -> bytes:
        """What the server knows a statement by; it is prepared now if it does not know it yet."""
        key = (query, types)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        if len(self._names) >= (self._connection.prepared_max or 1):
            _, oldest = self._names.popitem(last=False)
            self._server.send_query(b"DEALLOCATE " + oldest)
            self._result()
        self._prepared += 1
        name = f"colonnade_{self._prepared}".encode()
        self._server.send_prepare(name, query, param_types=types)
        self._result()
        self._names[key] = name
        return name

    def _result(self) -> PGresult:
        """The result of what was sent."""
        result: PGresult
        (result,) = self._connection.wait(execute(self._server))
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, encoding=self._connection.info.encoding)
        return result
