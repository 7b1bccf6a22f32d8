"""A first look at the speed: a list of 100 with department, and one, beside a bare WSGI function.

    python benchmarks/first_look.py [--role staff] [--rounds 9] [--calls 200] [--no-http] [--profile]

It makes a PostgreSQL database of its own (`$COLONNADE_TEST_POSTGRESQL`, or the usual local one), fills it with 20
departments and 100,000 employees, and drops it at the end. The product is the real one: people plug-in, a token looked
up in the database, policy, conditional requests. Beside it stand, in the same run and interleaved:

- `bare`: a WSGI function that sends exactly the statements that the product sends, recorded from it, on the same road
  (psycopg's raw cursor, prepared), and joins the bytes;
- `hello`: a WSGI function that answers at once.

In process the numbers are µs of CPU and wall a request, medians of rounds; over HTTP (waitress, needs `wrk`) requests a
second at 16 connections. Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import logging
import os
import pstats
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url
from waitress import serve

from colonnade import main
from colonnade.core.database import PooledReadConnection, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_token, create_user

SERVER = os.environ.get("COLONNADE_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/test"

PATHS = {
    "list": "/api/v1/employees?expand=department&limit=100&sort=last_name,first_name",
    "one": "/api/v1/employees/50000",
}
#: PERFORMANCE.md: throughput of the Pyramid + Cornice prototype, and the goals, against the bare function.
PROTOTYPE = {"list": 1079 / 1096, "one": 3379 / 10919}
GOALS = {"list": 0.9, "one": 0.6}

FILL = """
INSERT INTO department (code, name)
SELECT 'd' || lpad(i::text, 3, '0'), 'Department ' || i FROM generate_series(1, 20) i;
INSERT INTO employee (number, first_name, last_name, email, birth_date, gender, hired_on, title, salary, department_id)
SELECT i, 'First' || (i * 7919 % 1000), 'Last' || (i * 104729 % 5000), 'person' || i || '@example.com',
    date '1960-01-01' + (i % 12000)::int, CASE i % 2 WHEN 0 THEN 'F' ELSE 'M' END, date '1995-01-01' + (i % 9000)::int,
    (ARRAY['Engineer', 'Senior Engineer', 'Manager'])[(1 + i % 3)::int], 40000 + i % 60000 + 0.25, 1 + i % 20
FROM generate_series(1, 100000::bigint) i;
ANALYZE;
"""

App = Callable[[dict[str, Any], Callable[..., Any]], Any]


def settings(url: str) -> dict[str, str]:
    """The application as it would run, without what listens to nobody here."""
    return {
        "colonnade.environment": "development",
        "colonnade.secret": "for-benchmarks-only-and-long-enough-for-signing",
        "colonnade.plugins": "health\naccounts\nrest\nopenapi\npeople",
        "sqlalchemy.url": url,
    }


@contextmanager
def own_database() -> Iterator[str]:
    """A database that is gone afterwards."""
    name = sql.Identifier(f"colonnade_first_look_{os.getpid()}")
    server = make_url(SERVER).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        try:
            yield make_url(SERVER).set(database=name.as_string().strip('"')).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def fill(app: Any, role: str) -> str:
    """Tables and rows; the token of a user who is one of the employees, and leads a department."""
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    with psycopg.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(FILL.encode())
    with database.sessions.begin() as session:
        user = create_user(session, "reader", [role])
        token: str = create_token(session, user)[1]
        for change in (
            "UPDATE employee SET user_id = :user WHERE id = 7",
            "UPDATE department SET manager_id = 7 WHERE id = 3",
        ):
            session.connection().exec_driver_sql(change.replace(":user", str(user.id)))
    return token


def environ(path: str, token: str) -> dict[str, Any]:
    """What a server hands over for a GET."""
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "6543",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:6543",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_ACCEPT": "*/*",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def call(app: App, base: dict[str, Any]) -> bytes:
    """One request, in process."""
    status: list[str] = []
    body = b"".join(app(dict(base), lambda line, headers, exc_info=None: status.append(line)))
    assert status[0].startswith("200"), (status, body)
    return body


class Bare:
    """The floor: the statements of one path, and nothing else."""

    def __init__(self, app: Any, base: dict[str, Any]) -> None:
        database = database_of(app.registry)
        self.sent: list[tuple[Any, list[object]]] = []
        call(app, base)  # what is looked up once is not the product's habit
        recorded = self.sent

        usual = PooledReadConnection.fetch

        def recording(connection: PooledReadConnection, prepared: Any, parameters: Any) -> Any:
            recorded.append((prepared.query, prepared.arguments(parameters)))
            return usual(connection, prepared, parameters)

        PooledReadConnection.fetch = recording  # type: ignore[method-assign]
        try:
            call(app, base)
        finally:
            PooledReadConnection.fetch = usual  # type: ignore[method-assign]
        self._open = database.reader.raw_connection
        self._own = threading.local()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            raw = self._own.raw = self._open()
            connection = self._own.connection = raw.driver_connection
        for query, arguments in self.sent:
            cursor = psycopg.RawCursor(connection)
            cursor.execute(query, arguments, prepare=True)
            rows = cursor.fetchall()
        body = b'{"data":[' + rows[0][0].encode() + b"]}"
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The least that a server can do."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def in_process(apps: dict[str, tuple[App, dict[str, Any]]], rounds: int, calls: int) -> dict[str, tuple[float, float]]:
    """CPU and wall a request, in µs: medians of interleaved rounds."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in apps}
    for number in range(rounds + 1):
        for name, (app, base) in apps.items():
            times = calls * 20 if name == "hello" else calls
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(times):
                call(app, base)
            spent = ((time.process_time() - cpu) / times * 1e6, (time.perf_counter() - wall) / times * 1e6)
            if number:  # the first round is for warming up
                taken[name].append(spent)
    return {
        name: (statistics.median(cpu for cpu, _ in each), statistics.median(wall for _, wall in each))
        for name, each in taken.items()
    }


@contextmanager
def served(app: App) -> Iterator[int]:
    """Serve by waitress in a process of its own; gives the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port: int = listening.getsockname()[1]
        child = os.fork()
        if child == 0:
            logging.disable()  # of the depth of its queue, a line a request
            serve(app, sockets=[listening], threads=8)
            os._exit(0)
    try:
        yield port
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)


def over_http(apps: dict[str, tuple[App, dict[str, Any]]], token: str, path: str, rounds: int) -> dict[str, float]:
    """Requests a second at 16 connections: medians of interleaved rounds of three seconds."""
    seen: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(rounds):
        for name, (app, _base) in apps.items():
            with served(app) as port:
                for seconds in (1, 3):
                    said = subprocess.run(
                        ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Authorization: Bearer {token}",
                         f"http://127.0.0.1:{port}{path}"],
                        check=True, capture_output=True, text=True,
                    ).stdout  # fmt: skip
                assert "Non-2xx" not in said, said
            seen[name].append(float(said.partition("Requests/sec:")[2].split()[0]))
    return {name: statistics.median(each) for name, each in seen.items()}


def explain(app: Any, bare: Bare) -> str:
    """The plan of the last statement, as PostgreSQL runs it."""
    query, arguments = bare.sent[-1]
    with database_of(app.registry).engine.connect() as connection:
        cursor = psycopg.RawCursor(connection.connection.driver_connection)  # type: ignore[arg-type]
        return "\n".join(row[0] for row in cursor.execute(b"EXPLAIN (ANALYZE, BUFFERS) " + query, arguments).fetchall())


def profiled(app: App, base: dict[str, Any], calls: int) -> None:
    """Where the time of the product goes."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(calls):
        call(app, base)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(70)


def run() -> None:
    """Measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--role", default="staff", help="of who asks: decides which policy is compiled")
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--calls", type=int, default=200)
    arguments.add_argument("--no-http", action="store_true")
    arguments.add_argument("--profile", action="store_true")
    arguments.add_argument("--explain", action="store_true")
    asked = arguments.parse_args()
    with own_database() as url:
        app = main({}, **settings(url))
        token = fill(app, asked.role)
        for kind, path in PATHS.items():
            base = environ(path, token)
            bare = Bare(app, base)
            apps: dict[str, tuple[App, dict[str, Any]]] = {
                "product": (app, base),
                "bare": (bare, base),
                "hello": (hello, base),
            }
            print(f"\n{kind}: {path}, {len(call(app, base)):,} bytes, {len(bare.sent)} statements, role {asked.role}")
            if asked.explain:
                print(bare.sent[-1][0].decode(), bare.sent[-1][1])
                print(explain(app, bare))
            if asked.profile:
                profiled(app, base, 1000)
                continue
            found = in_process(apps, asked.rounds, asked.calls)
            for name, (cpu, wall) in found.items():
                print(f"  in process  {name:8} {cpu:8.0f} µs CPU {wall:8.0f} µs wall")
            print(f"  bare / product: CPU {found['bare'][0] / found['product'][0]:.2f}", end=", ")
            print(f"wall {found['bare'][1] / found['product'][1]:.2f}", end="; ")
            print(f"prototype {PROTOTYPE[kind]:.2f}, goal {GOALS[kind]} (both of throughput)")
            if not asked.no_http and shutil.which("wrk"):
                database_of(app.registry).dispose()  # connections do not survive the fork
                bare._own = threading.local()
                rates = over_http(apps, token, path, 3)
                for name, rate in rates.items():
                    print(f"  waitress    {name:8} {rate:8.0f} requests/s")
                print(f"  product / bare: {rates['product'] / rates['bare']:.2f}; goal {GOALS[kind]}")
        database_of(app.registry).dispose()


if __name__ == "__main__":
    run()
