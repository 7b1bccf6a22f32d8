"""Liveness and readiness, as an orchestrator asks for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationConflictError
from webtest import TestApp

from colonnade.core.database import database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from tests.core.stubs import Bench, bench_at, start
from tests.harness.applications import unmigrated

MakeApp = Callable[..., TestApp]

MIGRATION = """
revision = "0001"
down_revision = None
def upgrade():
    pass
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


@pytest.fixture
def nowhere(tmp_path: Path) -> str:
    """A database that is not there."""
    return f"sqlite:///{tmp_path}/no/such/folder/db.sqlite"


@pytest.fixture
def app_on() -> Iterator[MakeApp]:
    """Makes applications of this plug-in and others, on a database with no tables in it."""
    with ExitStack() as stack:

        def make(url: str, *plugins: str) -> TestApp:
            return TestApp(stack.enter_context(unmigrated(url, ("health", *plugins))).app)

        yield make


@pytest.fixture
def migrated_app_on(app_on: MakeApp) -> MakeApp:
    """Makes applications on a database with all tables."""

    def make(url: str, *plugins: str) -> TestApp:
        app = app_on(url, *plugins)
        migrate(app)
        return app

    return make


def migrate(app: TestApp) -> None:
    """As `colonnade migrate` does."""
    database = database_of(app.app.registry)
    upgrade(database, plugins_of(app.app.registry))


def checking(bench: Bench, name: str, *lines: str) -> str:
    """A plug-in that adds a readiness check, called as itself, of these lines."""
    body = "\n    ".join(lines)
    return bench.plugin(
        name,
        f"def check(request):\n    {body}\n"
        f"def includeme(config):\n"
        f"    config.add_plugin({name!r}, requires=['health'])\n"
        f"    config.add_readiness_check('mail', check)\n",
    )


def test_a_process_that_answers_is_alive_even_without_its_database(app_on: MakeApp, nowhere: str) -> None:
    response = app_on(nowhere).get("/health")

    assert response.json == {"status": "alive"}
    assert response.headers["Cache-Control"] == "no-store"


def test_it_is_ready_when_the_database_has_seen_all_migrations(
    app_on: MakeApp, bench: Bench, fresh_database_url: str
) -> None:
    bench.plugin("zoo", "def includeme(config):\n    config.add_plugin('zoo', migrations='zoo:zoo_migrations')\n")
    bench.plugin("zoo_migrations/0001_first", MIGRATION)
    app = app_on(fresh_database_url, "zoo")

    problem = app.get("/ready", status=503).json
    assert problem["type"] == "urn:colonnade:problem:not-ready"
    assert problem["errors"][0]["code"] == "database"

    migrate(app)
    response = app.get("/ready", status=200)
    assert response.json == {"status": "ready"}
    assert response.headers["Cache-Control"] == "no-store"


def test_without_its_database_it_is_not_ready_and_says_when_to_ask_again(app_on: MakeApp, nowhere: str) -> None:
    response = app_on(nowhere).get("/ready", status=503)

    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    assert [error["code"] for error in response.json["errors"]] == ["database"]
    assert "no/such/folder" not in response.text


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_who_asks_is_of_no_matter(migrated_app_on: MakeApp, bench: Bench, path: str, fresh_database_url: str) -> None:
    bench.plugin(
        "doors",
        """
        from colonnade.core.problems import Unauthorized
        def refuse(request):
            raise Unauthorized("Nobody is good enough.", error="invalid_token")
        def includeme(config):
            config.add_plugin("doors")
            config.set_authenticator(refuse)
        """,
    )

    migrated_app_on(fresh_database_url, "doors").get(path, headers={"Authorization": "Bearer stolen"}, status=200)


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_a_probe_may_look_at_the_headers_alone_and_may_change_nothing(
    migrated_app_on: MakeApp, path: str, fresh_database_url: str
) -> None:
    app = migrated_app_on(fresh_database_url)

    assert app.head(path, status=200).body == b""
    assert app.post(path, status=405).headers["Allow"] == "GET, HEAD"


def test_another_plug_in_adds_what_it_needs_to_be_ready(
    migrated_app_on: MakeApp, bench: Bench, fresh_database_url: str
) -> None:
    checking(bench, "post", "return request.params.get('wrong')")
    app = migrated_app_on(fresh_database_url, "post")

    app.get("/ready", status=200)
    problem = app.get("/ready?wrong=The+server+is+away.", status=503).json
    assert problem["errors"] == [{"detail": "The server is away.", "code": "mail"}]
    assert "mail" in problem["detail"]


def test_all_that_is_missing_is_named_at_once(app_on: MakeApp, bench: Bench, nowhere: str) -> None:
    checking(bench, "post", "return 'The server is away.'")

    problem = app_on(nowhere, "post").get("/ready", status=503).json

    assert [error["code"] for error in problem["errors"]] == ["database", "mail"]


def test_a_check_that_breaks_is_a_failure_that_tells_nothing(
    migrated_app_on: MakeApp, bench: Bench, fresh_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    checking(bench, "post", "raise RuntimeError('password=hunter2')")

    response = migrated_app_on(fresh_database_url, "post").get("/ready", status=503)

    assert "hunter2" not in response.text
    assert response.json["errors"][0]["code"] == "mail"
    assert "hunter2" in caplog.text


def test_a_check_may_raise_a_problem_that_says_what_is_wrong(
    migrated_app_on: MakeApp, bench: Bench, fresh_database_url: str
) -> None:
    checking(bench, "post", "from colonnade.core.problems import Unavailable", "raise Unavailable('The disk is full.')")

    problem = migrated_app_on(fresh_database_url, "post").get("/ready", status=503).json

    assert problem["errors"] == [{"detail": "The disk is full.", "code": "mail"}]


def test_two_checks_of_one_name_are_told_apart_at_start(app_on: MakeApp, bench: Bench, fresh_database_url: str) -> None:
    checking(bench, "one", "return None")
    checking(bench, "other", "return None")

    with pytest.raises(ConfigurationConflictError, match=r"(?s)one\.py.*other\.py"):
        app_on(fresh_database_url, "one", "other")


def test_it_is_not_there_where_the_ini_does_not_name_it(nowhere: str) -> None:
    TestApp(start(sqlalchemy__url=nowhere)).get("/health", status=404)
