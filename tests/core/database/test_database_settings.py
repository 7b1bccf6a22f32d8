"""The settings of the database are refused, or taken, for what they would mean."""

from __future__ import annotations

import importlib

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import SecretStr, ValidationError

from colonnade.core.database import Database, DatabaseSettings
from colonnade.core.settings import Settings


@pytest.mark.parametrize(
    "url, why",
    [
        ("mysql://root:secret@host/name", "sqlite or postgresql"),
        ("postgresql+psycopg2://root:secret@host/name", "psycopg 3"),
        ("postgresql://root:secret@host", "name the database"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite:///file.sqlite?mode=memory", "name a file"),
        ("sqlite:///file.sqlite?timeout=3", "nothing more"),
        ("sqlite://folder/secret.sqlite", "three slashes"),
        ("postgresql://root:secret@host/name?foo=1", "no option 'foo'"),
        ("postgresql://root:secret@host/name?sslmod=require", "did you mean sslmode?"),
        ("what is this: secret", "SQLAlchemy URL"),
        ("postgresql://root:secret@host:port/name", "SQLAlchemy URL"),
    ],
)
def test_an_address_that_cannot_be_served_is_refused_without_repeating_it(url: str, why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DatabaseSettings(url=SecretStr(url))
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_replica_is_of_the_same_kind() -> None:
    with pytest.raises(ValidationError, match="should be sqlite, as `url` is"):
        DatabaseSettings(url=SecretStr("sqlite:///here.sqlite"), read_url=SecretStr("postgresql://host/name"))


def test_a_bare_postgresql_url_means_psycopg_3() -> None:
    settings = DatabaseSettings(url=SecretStr("postgresql://somebody@host/name"))
    assert settings.address.drivername == "postgresql+psycopg"
    assert Database(settings).dialect.driver == "psycopg"
    options = SecretStr("postgresql://somebody@host/name?sslmode=require&application_name=x&host=a:1&host=b:2")
    assert DatabaseSettings(url=options).address.query["sslmode"] == "require"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in DatabaseSettings.model_fields.values())


def _subclasses(cls: type[Settings]) -> list[type[Settings]]:
    return [each for sub in cls.__subclasses__() for each in (sub, *_subclasses(sub))]


def test_every_number_has_bounds() -> None:
    """What fits into no number of a database or of the machine is told at start, and not by the first request."""
    for name in ("rest", "history", "accounts", "transfer", "openapi"):
        importlib.import_module(f"colonnade.plugins.{name}.settings")
    importlib.import_module("colonnade.core.reading.limits")
    ours = [each for each in _subclasses(Settings) if each.__module__.startswith("colonnade.")]
    unbounded = [
        f"{cls.__name__}.{name}"
        for cls in ours
        for name, field in cls.model_fields.items()
        if field.annotation in (int, float)
        and not (
            any(isinstance(each, Le) for each in field.metadata)
            and any(isinstance(each, Ge | Gt) for each in field.metadata)
        )
    ]
    assert len(ours) >= 8
    assert unbounded == []
