"""The settings of the database are refused, or taken, for what they would mean."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from colonnade.core.database import Database, DatabaseSettings


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


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in DatabaseSettings.model_fields.values())
