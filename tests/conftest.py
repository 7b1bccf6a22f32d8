"""The suite's own fixtures and hooks: on which databases a test runs, and what is left out where something lacks."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.harness.browser import lack_of_browser
from tests.harness.cluster import lack_of_programs
from tests.harness.counts import load_hypothesis_profile
from tests.harness.databases import DIALECTS, Databases, lack_of_server, postgresql_server, tidy_up
from tests.harness.requirements import Requirement, in_ci, leave_out, parameter_is, uses_fixture

REPOSITORY = Path(__file__).parent.parent
EMPLOYEES_DATA = Path(os.environ.get("COLONNADE_TEST_EMPLOYEES") or REPOSITORY.parent / "shared/data/employees")

LACKS = pytest.StashKey[dict[str, str]]()
LEFT_OUT = pytest.StashKey[dict[str, int]]()

load_hypothesis_profile()


# -- Databases


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases at will: `with databases.empty("postgresql") as url: …`."""
    with ExitStack() as stack:
        yield Databases(lambda: stack.enter_context(postgresql_server()), tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session", params=DIALECTS)
def dialect_name(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: a test that asks for it, or for one of the URLs below, runs once on each.

    `@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)` restricts a test to one.
    """
    return request.param


@pytest.fixture(scope="session")
def database_url(databases: Databases, dialect_name: str) -> Iterator[str]:
    """The database that the tests of this session share: they roll back what they do."""
    with databases.empty(dialect_name) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(databases: Databases, dialect_name: str) -> Iterator[str]:
    """An empty database for the tests of one module, which has tables of its own."""
    with databases.empty(dialect_name) as url:
        yield url


@pytest.fixture
def fresh_database_url(databases: Databases, dialect_name: str) -> Iterator[str]:
    """An empty database for one test: what commits, races, restarts or dies."""
    with databases.empty(dialect_name) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_server_url(databases: Databases) -> str:
    """A PostgreSQL database from which others may be created. Rather take one of the fixtures above."""
    return databases.server


# -- Data


@pytest.fixture(scope="session")
def employees_data() -> Path:
    """The folder of the employees sample data: `departments.csv`, `people.csv` (10,000), `salaries.csv` (94,917)."""
    return EMPLOYEES_DATA


# -- What is left behind


@pytest.fixture(scope="session", autouse=True)
def seldom_collected() -> None:
    """Look seldom for what nothing refers to: a fifth of the time went there. After each module it is looked for."""
    gc.set_threshold(20_000, 10, 10)
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def collected(seldom_collected: None) -> Iterator[None]:
    """What a module leaves behind goes with it, so that something it did not close is told there and not anywhere; and
    what stays is not looked through again and again."""
    yield
    gc.collect()
    gc.freeze()


# -- What is left out, and how that is said


def pytest_configure(config: pytest.Config) -> None:
    """Look once, in the process that the user started, at what this machine lacks; CI may lack nothing."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", "") and config.pluginmanager.hasplugin("cacheprovider"):
        # Tests start many processes, and each would compile everything anew. Yet nothing is to stand beside the source.
        assert config.cache is not None
        os.environ["PYTHONPYCACHEPREFIX"] = str(config.cache.mkdir("bytecode"))
    if (workerinput := getattr(config, "workerinput", None)) is not None:
        config.stash[LACKS] = workerinput["lacks"]
        return
    employees = EMPLOYEES_DATA / "people.csv"
    lacks = {
        "browser": lack_of_browser(),
        "postgresql": lack_of_server(),
        "cluster": lack_of_programs(),
        "employees": "" if employees.is_file() else f"no sample data at {employees} ($COLONNADE_TEST_EMPLOYEES)",
    }
    if in_ci() and any(lacks.values()):
        raise pytest.UsageError("CI runs everything, but here is " + "; ".join(filter(None, lacks.values())))
    config.stash[LACKS] = lacks
    if not lacks["postgresql"]:
        tidy_up()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what the main process found: all must collect the same tests."""
    node.workerinput["lacks"] = node.config.stash[LACKS]


@pytest.hookimpl(trylast=True)  # after -k and -m: a test that nobody asked for was not left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; deselect what cannot run here, and remember why."""
    # The tests of the whole, beside this file: at the end, one worker would be at them while the others have no more.
    items.sort(key=lambda item: item.path.parent != REPOSITORY / "tests")
    lacks = config.stash[LACKS]
    on_postgresql, with_server = parameter_is("dialect_name", "postgresql"), uses_fixture("postgresql_server_url")
    requirements = (
        Requirement(lambda item: on_postgresql(item) or with_server(item), lacks["postgresql"]),
        Requirement(uses_fixture("cluster"), lacks["cluster"]),
        Requirement(uses_fixture("browser"), lacks["browser"]),
        Requirement(uses_fixture("employees_data"), lacks["employees"]),
    )
    items[:], left, config.stash[LEFT_OUT] = leave_out(items, requirements)
    if left:
        config.hook.pytest_deselected(items=left)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands what it left out to the main process."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """All workers collect the same tests, so any worker's account will do."""
    if left_out := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = left_out


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say plainly what did not run."""
    if left_out := config.stash.get(LEFT_OUT, {}):
        terminalreporter.section("left out", sep="=", yellow=True, bold=True)
        for lack, number in left_out.items():
            terminalreporter.line(f"{number} test{'s' * (number != 1)}: {lack}", yellow=True)
