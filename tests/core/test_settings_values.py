"""What a setting's value is: from the environment, the INI or the default, as its class declares it."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator

from colonnade import Settings, settings_of
from colonnade.core.settings import ConfigurationErrors, describe_settings, gather, read_source
from tests.core.stubs import SECRET, Bench, bench_at, mistakes_of, start


class Fountain(BaseModel):
    """A structure within a setting."""

    height: float


class MallSettings(Settings):
    """One of each kind."""

    origins: list[str] = Field(default=["http://default"], description="Who may call.")
    numbers: tuple[int, ...] = ()
    workers: int = Field(default=4, ge=1, description="How many.")
    ratio: float | None = 0.5
    strict: bool = False
    note: str | None = "none yet"
    prices: dict[str, int] = Field(default={})
    fountain: Fountain = Fountain(height=2)
    broker: str = "amqp://mall:pa55@host/queue"
    token: SecretStr | None = None
    tokens: list[SecretStr] = Field(default=[])

    @field_validator("token")
    @classmethod
    def _no_spaces(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and " " in token.get_secret_value():
            raise ValueError(f"no spaces, please, as in {token.get_secret_value()!r}")
        return token

    @model_validator(mode="after")
    def _enough_workers(self) -> "MallSettings":
        if self.strict and self.workers < 2:
            raise ValueError("to be strict takes two workers")
        return self


def mall(**given: object) -> MallSettings:
    source = read_source({}, {f"mall.{name}": value for name, value in given.items()})
    return gather(source, {"mall": MallSettings}).of(MallSettings)


def wrong(**given: object) -> list[str]:
    with pytest.raises(ConfigurationErrors) as caught:
        mall(**given)
    return [str(each) for each in caught.value.mistakes]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


@pytest.fixture(autouse=True)
def no_variables(bench: Bench) -> None:
    """No test here sees the variables of whoever runs it."""


def test_the_environment_precedes_the_ini_and_the_ini_the_default(bench: Bench) -> None:
    assert mall().workers == 4
    assert mall(workers="7").workers == 7
    bench.monkeypatch.setenv("COLONNADE_MALL__WORKERS", "9")
    assert mall(workers="7").workers == 9


def test_an_empty_variable_counts_as_absent(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_MALL__WORKERS", "")
    assert mall(workers="7").workers == 7


@pytest.mark.parametrize(
    "given, read",
    [
        ({"origins": "\n  http://a\n\n  http://b\n"}, {"origins": ["http://a", "http://b"]}),
        ({"origins": "http://a"}, {"origins": ["http://a"]}),
        ({"origins": '["http://a", "http://b"]'}, {"origins": ["http://a", "http://b"]}),
        ({"origins": ""}, {"origins": []}),
        ({"origins": ["http://a"]}, {"origins": ["http://a"]}),
        ({"numbers": "1\n2"}, {"numbers": (1, 2)}),
        ({"strict": "yes"}, {"strict": True}),
        ({"ratio": ""}, {"ratio": None}),
        ({"note": ""}, {"note": None}),
        ({"prices": '{"tea": 3}'}, {"prices": {"tea": 3}}),
        ({"prices": ""}, {"prices": {}}),
        ({"fountain": '{"height": "3.5"}'}, {"fountain": Fountain(height=3.5)}),
    ],
)
def test_text_is_read_as_the_field_declares_it(given: dict[str, Any], read: dict[str, Any]) -> None:
    settings = mall(**given)
    assert {name: getattr(settings, name) for name in read} == read


def test_lists_in_the_environment_are_one_a_line_or_json(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_MALL__ORIGINS", "http://a\nhttp://b")
    assert mall().origins == ["http://a", "http://b"]
    bench.monkeypatch.setenv("COLONNADE_MALL__ORIGINS", "[]")
    assert mall(origins="http://a").origins == []


def test_structures_in_the_environment_are_json(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_MALL__PRICES", '{"tea": 3}')
    bench.monkeypatch.setenv("COLONNADE_MALL__FOUNTAIN", '{"height": 4}')
    assert (mall().prices, mall().fountain.height) == ({"tea": 3}, 4)


def test_settings_cannot_be_changed() -> None:
    settings = mall()
    with pytest.raises(ValidationError, match="frozen"):
        settings.workers = 2


def test_an_instance_made_directly_reads_no_environment(bench: Bench) -> None:
    bench.monkeypatch.setenv("WORKERS", "9")
    bench.monkeypatch.setenv("COLONNADE_WORKERS", "9")
    assert MallSettings().workers == 4


def test_an_unknown_key_is_told_with_the_nearest_name() -> None:
    assert wrong(worker=1, **{"wokers.max": 1}) == [
        "settings: mall.worker is no setting; did you mean mall.workers?",
        "settings: mall.wokers.max is no setting; did you mean mall.workers?",
    ]


def test_an_unknown_key_that_is_near_none_is_told_with_all_names() -> None:
    assert wrong(xyzzy=1) == [
        (
            "settings: mall.xyzzy is no setting; known: mall.broker, mall.fountain, mall.note, mall.numbers,"
            " mall.origins, mall.prices, mall.ratio, mall.strict, mall.token, mall.tokens, mall.workers"
        )
    ]


def test_a_key_that_names_an_argument_of_the_library_is_an_unknown_key() -> None:
    assert wrong(_env_prefix="COLONNADE_", model_config="x", settings_customise_sources="x") != []
    assert len(wrong(_env_prefix="COLONNADE_", model_config="x", settings_customise_sources="x")) == 3


def test_an_unknown_variable_is_told_with_the_nearest_name(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_MALL__WORKER", "1")
    bench.monkeypatch.setenv("COLONNADE_XYZZY", "1")
    assert wrong() == [
        "COLONNADE_MALL__WORKER: there is no such setting; did you mean COLONNADE_MALL__WORKERS?",
        "COLONNADE_XYZZY: there is no such setting; variables that begin with COLONNADE_ are settings",
    ]


def test_the_variables_of_the_command_and_of_a_test_suite_are_no_settings(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_INI", "development.ini")
    bench.monkeypatch.setenv("COLONNADE_TEST_POSTGRESQL", "postgresql://")
    assert mall().workers == 4


def test_a_misspelt_prefix_is_told_and_a_foreign_one_is_left_alone() -> None:
    assert mistakes_of(**{"colonade.plugins": "", "mail.host": "x", "shop": "x"}) == [
        "settings: colonade.plugins is no setting; did you mean colonnade.plugins?"
    ]


def test_a_prefix_whose_letters_are_in_another_order_is_told() -> None:
    with pytest.raises(ConfigurationErrors, match=r"lmal\.workers is no setting; did you mean mall\.workers\?"):
        gather(read_source({}, {"lmal.workers": "3", "tall.workers": "3"}), {"mall": MallSettings})


def test_settings_of_a_plug_in_that_is_installed_and_off_may_stay(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_REST__CORS_ORIGINS", "http://a")
    start(**{"rest.cors_origins": "http://a"})


def test_a_wrong_value_is_told_with_what_would_be_right(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_MALL__NUMBERS", "1\ntwo")
    assert wrong(workers="0", prices="{", strict="perhaps") == [
        "settings: mall.workers is '0'; it should be greater than or equal to 1",
        "settings: mall.strict is 'perhaps'; it should be a valid boolean, unable to interpret input",
        (
            "settings: mall.prices is '{'; it should be JSON: Expecting property name enclosed in double quotes:"
            " line 1 column 2 (char 1)"
        ),
        (
            "COLONNADE_MALL__NUMBERS: mall.numbers.1 is 'two'; it should be a valid integer,"
            " unable to parse string as an integer"
        ),
    ]


def test_what_is_wrong_with_several_settings_together_is_told(bench: Bench) -> None:
    assert wrong(strict="true", workers="1") == ["settings: mall: to be strict takes two workers"]


@pytest.mark.parametrize(
    "given",
    [
        {"token": "s3cr3t with spaces"},
        {"token": "s3cr3t too"},
        {"token": {"s3cr3t": "a structure"}},
        {"tokens": '["s3cr3t", 7]'},
        {"broker": 1, "workers": "amqp://mall:s3cr3t@host"},
    ],
)
def test_a_secret_is_in_no_message(given: dict[str, object]) -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        mall(**given)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_a_secret_is_not_in_what_is_kept(bench: Bench) -> None:
    source = read_source({}, {"mall.token": "s3cr3t", "mall.tokens": "s3cr3t"})
    assert "s3cr3t" not in repr(gather(source, {"mall": MallSettings}))


def test_settings_that_no_plug_in_declares_are_refused_with_what_to_do() -> None:
    registry = start().registry
    with pytest.raises(LookupError, match=r"MallSettings has not been read.*settings=MallSettings"):
        settings_of(registry, MallSettings)


def test_pyramids_own_settings_reach_pyramid_and_declared_ones_do_not() -> None:
    registry = start(**{"pyramid.default_locale_name": "de", "mail.host": "x"}).registry
    assert registry.settings["pyramid.default_locale_name"] == "de"
    assert registry.settings["mail.host"] == "x"
    assert SECRET not in repr(registry.settings)


def test_what_is_in_force_is_described_with_its_help_and_without_secrets(bench: Bench) -> None:
    bench.plugin(
        "mall",
        """
        from pydantic import BaseModel, Field, SecretStr
        from colonnade import Settings

        class MallSettings(Settings):
            origins: list[str] = Field(default=["http://a", "http://b"], description="Who may call.")
            strict: bool = False
            note: str | None = None
            broker: str = "amqp://mall:s3cr3t@host/queue"
            token: SecretStr | None = Field(default=None, description="To get in.")
            tokens: list[SecretStr] = []

        def includeme(config):
            config.add_plugin("mall", settings=MallSettings)
        """,
    )
    bench.monkeypatch.setenv("COLONNADE_MALL__TOKEN", "s3cr3t")
    registry = start(**{"colonnade.plugins": "mall", "mall.tokens": "s3cr3t"}).registry

    rows = {row.key: row for row in describe_settings(registry) if row.key.startswith("mall.")}

    assert {key: (row.value, row.origin) for key, row in rows.items()} == {
        "mall.origins": ("http://a\nhttp://b", "default"),
        "mall.strict": ("false", "default"),
        "mall.note": ("", "default"),
        "mall.broker": ("amqp://mall:**********@host/queue", "default"),
        "mall.token": ("**********", "COLONNADE_MALL__TOKEN"),
        "mall.tokens": ("**********", "settings"),
    }
    assert rows["mall.token"].help == "To get in."
    assert rows["mall.token"].secret
    assert rows["mall.origins"].variable == "COLONNADE_MALL__ORIGINS"
