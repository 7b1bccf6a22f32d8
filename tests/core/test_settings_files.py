"""The two INI files that come with the house."""

import configparser
import logging
from collections.abc import Iterator
from logging.config import fileConfig
from pathlib import Path

import pytest
from pyramid.paster import get_app

from colonnade.core.plugins import plugins_of
from colonnade.core.settings import ConfigurationErrors, commented, gathered_of
from tests.core.stubs import SECRET, Bench, bench_at

ROOT = Path(__file__).parents[2]
DEVELOPMENT, PRODUCTION = ROOT / "development.ini", ROOT / "production.ini"


@pytest.fixture(autouse=True)
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


def test_development_starts_with_nothing_but_the_file(bench: Bench) -> None:
    names = [plugin.name for plugin in plugins_of(get_app(str(DEVELOPMENT)).registry)]
    assert sorted(names) == ["accounts", "health", "openapi", "people", "rest", "transfer"]
    assert not list(bench.folder.iterdir()), "starting touches no database"


def test_production_asks_for_its_secret_and_for_nothing_else(bench: Bench) -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        get_app(str(PRODUCTION))
    (mistake,) = caught.value.mistakes
    assert "colonnade.secret is missing" in mistake.text
    assert mistake.text.endswith("set it here or as COLONNADE_SECRET")


def test_production_starts_with_a_secret_and_without_a_database(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_SECRET", SECRET)
    bench.monkeypatch.setenv("COLONNADE_SQLALCHEMY__URL", "postgresql://colonnade@nowhere.invalid/colonnade")
    get_app(str(PRODUCTION))


def test_production_lists_every_option_with_its_help_and_default(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_SECRET", SECRET)
    text = PRODUCTION.read_text()
    by_prefix = gathered_of(get_app(str(PRODUCTION)).registry).by_prefix
    blocks = [block for prefix, one in by_prefix.items() for block in commented(prefix, type(one)).split("\n\n")]
    # What the file sets stands there uncommented; its help is above it all the same.
    lacking = [block for block in blocks if block.strip() not in text and not _is_set(block, text)]
    assert not lacking, "add to production.ini:\n\n" + "\n\n".join(lacking)


def _is_set(block: str, text: str) -> bool:
    *help_, setting = [line for line in block.strip().splitlines() if not line.startswith("#     ")]
    key = setting.removeprefix("# ").partition(" =")[0]
    return "\n".join([*help_, f"{key} ="]) in text


@pytest.mark.parametrize("file", [DEVELOPMENT, PRODUCTION], ids=lambda file: file.name)
def test_each_file_configures_logging_that_names_the_request(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        parser = configparser.RawConfigParser(defaults={"here": str(ROOT)})
        parser.read(file)
        fileConfig(parser, disable_existing_loggers=False)
        logging.getLogger("colonnade.somewhere").info("something happened")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for name in ("colonnade", "sqlalchemy.engine"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert capsys.readouterr().err.rstrip().endswith("[colonnade.somewhere] [-] something happened")
