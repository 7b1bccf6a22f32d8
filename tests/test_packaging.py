"""What users install holds everything, needs what it says, and developers have the same versions."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.harness.workspace import make_workspace

REPOSITORY = Path(__file__).parent.parent
SOURCE = REPOSITORY / "src"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: What is of use with an extra only.
BY_EXTRAS = (SOURCE / "colonnade/testing", SOURCE / "colonnade/wsgi.py")

#: Modules of one project, released together with its distribution.
RELEASED_WITH = {"pydantic_core": "pydantic"}


def dependencies(*extras: str) -> dict[str, Requirement]:
    """What is declared, by name: the dependencies of the package itself and of these extras."""
    declared = [
        *PROJECT["dependencies"],
        *(each for extra in extras for each in PROJECT["optional-dependencies"][extra]),
    ]
    found = {canonicalize_name(made.name): made for made in map(Requirement, declared)}
    return {name: made for name, made in found.items() if name != PROJECT["name"]}


def imported(path: Path) -> Iterator[str]:
    """The top-level modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    make_workspace(REPOSITORY, tmp_path, port=0)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (wheel,) = tmp_path.glob("*.whl")
    source = tmp_path / "src"
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    files = {name for name in files if ".egg-info/" not in name}
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize(
    "folder, extras",
    [
        ("src/colonnade", ()),
        ("src/colonnade/testing", ("testing",)),
        ("src/colonnade/wsgi.py", ("serving",)),
        ("tests", ("testing", "test")),
    ],
)
def test_what_is_imported_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    declared, by_module = dependencies(*extras), packages_distributions()
    # _typeshed is there for type checkers only.
    ours = (
        sys.stdlib_module_names | {"_typeshed", "colonnade", "tests"} | ({"benchmarks"} if folder == "tests" else set())
    )
    given = REPOSITORY / folder
    for path in [given] if given.is_file() else given.rglob("*.py"):
        if folder == "src/colonnade" and any(path.is_relative_to(each) for each in BY_EXTRAS):
            continue
        for module in set(imported(path)) - ours:
            names = {canonicalize_name(RELEASED_WITH.get(module, name)) for name in by_module.get(module, [module])}
            assert names & declared.keys(), f"{path.relative_to(REPOSITORY)} imports {module}"


def test_every_entry_point_leads_somewhere() -> None:
    declared = [
        *((name, "console_scripts") for name in PROJECT["scripts"]),
        *((name, group) for group, points in PROJECT["entry-points"].items() for name in points),
    ]
    for name, group in declared:
        points = entry_points(group=group, name=name)
        assert points, f"{name} of {group} is not installed: make install"
        points[name].load()


def test_every_dependency_is_locked_within_its_range() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    locked = dict(line.split("==") for line in lines if not line.startswith("#"))
    locked = {canonicalize_name(name): version for name, version in locked.items()}
    for name, requirement in dependencies(*PROJECT["optional-dependencies"]).items():
        assert name in locked, f"{name} is not in constraints.txt: make lock"
        assert requirement.specifier.contains(locked[name]), f"constraints.txt has {name} {locked[name]}: make lock"


def test_every_dependency_has_its_reason() -> None:
    reasons = (REPOSITORY / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    for name, requirement in dependencies(*PROJECT["optional-dependencies"]).items():
        assert f"| {requirement.name.lower()} |" in reasons, f"docs/dependencies.md does not say why there is {name}"
