"""Production refuses to start while unsafe; development may be as it likes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from colonnade import Settings, main
from colonnade.core.settings import DEVELOPMENT_SECRET, ConfigurationErrors, gather, read_source
from tests.core.stubs import SECRET, Bench, bench_at

SAFE = {"colonnade.secret": SECRET}


@pytest.fixture(autouse=True)
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


def wrong(**settings: object) -> list[str]:
    with pytest.raises(ConfigurationErrors) as caught:
        main({}, **SAFE | settings)
    return [str(each) for each in caught.value.mistakes]


def test_production_is_what_an_ini_that_does_not_say_is_taken_for() -> None:
    assert wrong(**{"colonnade.secret": DEVELOPMENT_SECRET}) == [
        (
            "settings: colonnade.secret is the one of development, which everybody knows;"
            ' python -c "import secrets; print(secrets.token_urlsafe(32))" makes one; production does not start so'
        )
    ]


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    (mistake,) = wrong(**{"colonnade.secret": "x" * 40})
    assert mistake.startswith("settings: colonnade.secret can be guessed")


@pytest.mark.parametrize("switch", ["pyramid.debug_all", "debug_authorization", "pyramid.reload_templates"])
def test_pyramids_switches_for_development_have_to_be_off(switch: str) -> None:
    name = "pyramid." + switch.removeprefix("pyramid.")
    assert wrong(**{switch: "true"}) == [f"settings: {name} is on; it should be off in production"]


def test_a_switch_that_a_variable_turns_on_is_told_with_the_variable(bench: Bench) -> None:
    bench.monkeypatch.setenv("PYRAMID_DEBUG_ALL", "1")
    assert wrong() == ["PYRAMID_DEBUG_ALL: pyramid.debug_all is on; it should be off in production"]


@pytest.mark.parametrize("toolbar", ["pyramid_debugtoolbar", "colonnade.core.toolbar"])
def test_the_toolbar_has_to_be_off(toolbar: str) -> None:
    assert wrong(**{"pyramid.includes": f"pyramid_tm\n{toolbar}"}) == [
        f"settings: {toolbar} shows visitors the insides; it should be off in production"
    ]


def test_the_databases_password_is_one_of_those_that_nobody_may_guess() -> None:
    assert wrong(**{"sqlalchemy.url": "postgresql://colonnade:colonnade@localhost/colonnade"}) == [
        "settings: sqlalchemy.url has a password that anybody would try first; production does not start so"
    ]


def test_a_database_in_memory_is_refused() -> None:
    (mistake,) = wrong(**{"sqlalchemy.url": "sqlite://"})
    assert mistake.startswith("settings: sqlalchemy.url is **********; it should name a file, sqlite:///path")


class BrokerSettings(Settings):
    """A URL with a password in it, and a switch of one's own."""

    url: SecretStr = Field(default=SecretStr("amqp://guest:guest@localhost/"))
    open: bool = False

    def unsafe(self) -> Iterator[tuple[str, str]]:
        """Nobody should leave it open."""
        if self.open:
            yield "open", "lets everybody in"


@pytest.mark.parametrize(
    "url", ["amqp://guest:guest@host/", "postgresql://mall:Mall@host/mall", "redis://:secret@host"]
)
def test_a_password_that_everybody_tries_first_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        gather(read_source({}, {"broker.url": url}), {"broker": BrokerSettings})
    assert [str(each) for each in caught.value.mistakes] == [
        "settings: broker.url has a password that anybody would try first; production does not start so"
    ]


@pytest.mark.parametrize("url", ["amqp://host/", "postgresql://mall:a-better%40one@host/mall"])
def test_another_url_is_not(url: str) -> None:
    gather(read_source({}, {"broker.url": url}), {"broker": BrokerSettings})


def test_a_plug_in_says_what_it_takes_for_unsafe() -> None:
    with pytest.raises(ConfigurationErrors, match=r"broker\.open lets everybody in; production does not start so"):
        gather(read_source({}, {"broker.url": "amqp://host/", "broker.open": "yes"}), {"broker": BrokerSettings})


def test_all_of_it_is_told_at_once_and_with_other_mistakes(bench: Bench) -> None:
    bench.ini(
        "unsafe.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {DEVELOPMENT_SECRET}
        colonnade.plugins = nowhere.to.be.found
        pyramid.includes =
            colonnade.core.toolbar
        pyramid.reload_all = true
        colonnade.tpyo = x
        """,
    )
    assert [each.partition(": ")[0] for each in bench.mistakes("unsafe.ini")] == [
        f"unsafe.ini:{line}" for line in (3, 4, 6, 7, 8)
    ]


def test_development_starts_with_all_of_it(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_ENVIRONMENT", "development")
    bench.ini(
        "easy.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {DEVELOPMENT_SECRET}
        pyramid.includes = colonnade.core.toolbar
        pyramid.debug_notfound = true
        """,
    )
    bench.start("easy.ini")
