"""The suite leaves nothing out in silence, and its databases are what their users think."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from tests.harness.cluster import Cluster, private_cluster, remove_abandoned
from tests.harness.databases import PREFIX, Databases, drop_abandoned

REPOSITORY = Path(__file__).parent.parent
NOBODY_LISTENS = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_fresh_database_is_empty(fresh_database_url: str, time: str) -> None:
    engine = create_engine(fresh_database_url)
    assert inspect(engine).get_table_names() == [], f"the {time} time"
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id INTEGER PRIMARY KEY)"))
    engine.dispose()


def test_a_fresh_database_is_not_the_one_that_the_session_shares(fresh_database_url: str, database_url: str) -> None:
    assert fresh_database_url != database_url
    assert fresh_database_url.partition(":")[0] == database_url.partition(":")[0]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_database_is_gone_afterwards_even_when_a_connection_was_left_open(
    databases: Databases, dialect_name: str
) -> None:
    with databases.empty(dialect_name) as url:
        engine = create_engine(url)
        name = engine.url.database
        connection = engine.connect()
        connection.execute(text("SELECT 1"))
    connection.invalidate()
    engine.dispose()
    server = create_engine(databases.server)
    with server.connect() as asking:
        assert asking.scalar(text("SELECT count(*) FROM pg_database WHERE datname = :name"), {"name": name}) == 0
    server.dispose()


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_what_a_killed_run_left_behind_is_dropped_and_nothing_else(databases: Databases, dialect_name: str) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    abandoned = f"{PREFIX}_{killed.pid}_0"
    server = create_engine(databases.server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection, databases.empty(dialect_name) as url:
        connection.execute(text(f"CREATE DATABASE {abandoned}"))
        drop_abandoned(databases.server)
        left = set(connection.scalars(text("SELECT datname FROM pg_database")))
        assert abandoned not in left
        assert make_url(url).database in left
    server.dispose()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of this test's own."""
    with private_cluster() as made:
        yield made


def test_a_server_that_a_killed_run_left_behind_is_stopped_and_removed_and_no_other(cluster: Cluster) -> None:
    program = (
        "import os, signal\n"
        "from tests.harness.cluster import private_cluster\n"
        "with private_cluster() as made:\n"
        "    print(made.folder, made.url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False
    )
    folder, url = killed.stdout.split()
    with psycopg.connect(url):
        remove_abandoned()
    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    psycopg.connect(cluster.url).close()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_left_out_is_counted_and_explained(tmp_path: Path, workers: str) -> None:
    outcome = _pytest(
        f"-n{workers}", CI="", COLONNADE_TEST_POSTGRESQL=NOBODY_LISTENS, COLONNADE_TEST_EMPLOYEES=tmp_path
    )
    assert outcome.returncode == 0, outcome.stdout
    assert "2 passed" in outcome.stdout
    assert f"2 tests: no PostgreSQL at {NOBODY_LISTENS} ($COLONNADE_TEST_POSTGRESQL)" in outcome.stdout
    assert f"1 test: no sample data at {tmp_path}/people.csv ($COLONNADE_TEST_EMPLOYEES)" in outcome.stdout


def test_ci_leaves_nothing_out(tmp_path: Path) -> None:
    outcome = _pytest(CI="true", COLONNADE_TEST_POSTGRESQL=NOBODY_LISTENS, COLONNADE_TEST_EMPLOYEES=tmp_path)
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "CI runs everything, but here is no" in outcome.stderr
    assert "no PostgreSQL at" in outcome.stderr
    assert "no sample data at" in outcome.stderr
    assert "passed" not in outcome.stdout


def test_the_employees_data_are_ten_thousand_people(employees_data: Path) -> None:
    with (employees_data / "people.csv").open(encoding="utf-8") as people:
        assert sum(1 for _ in people) == 10_001


def _pytest(*options: str, **environment: object) -> subprocess.CompletedProcess[str]:
    """Two tests of this file, which need what may be missing, in a session of their own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    quick = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
    chosen = ("tests/test_harness.py", "-k", "fresh_database_is_empty or ten_thousand")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *quick, *chosen, *options],
        cwd=REPOSITORY,
        env=inherited | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        check=False,
    )
