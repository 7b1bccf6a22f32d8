"""Users, their roles, and the tokens by which programs act for them.

The core knows an identity and asks an authenticator for it; this plug-in is that authenticator, for ``Authorization:
Bearer``. Other plug-ins may refer to its users (``ForeignKey("user_account.id")``) and make some; no resource is
exposed yet, so users are added by ``colonnade user`` and ``colonnade token``. A token is looked up by one statement
without the ORM; whatever is not good about it is answered alike.
"""

from __future__ import annotations

from pyramid.config import Configurator

from colonnade.core.database import database_of
from colonnade.core.settings import settings_of

from .authentication import BearerTokens
from .last_use import LastUse
from .models import Token, User, UserRole
from .settings import AccountsSettings
from .tokens import create_token, revoke_token
from .users import create_user, find_user, identity_of_user

__all__ = [
    "AccountsSettings",
    "Token",
    "User",
    "UserRole",
    "create_token",
    "create_user",
    "find_user",
    "identity_of_user",
    "includeme",
    "revoke_token",
]


def includeme(config: Configurator) -> None:
    """Find out who asks by their token; bring the verbs that look after users and tokens."""
    config.add_plugin("accounts", summary="Users, roles and API tokens", settings=AccountsSettings)
    every = settings_of(config.registry, AccountsSettings).last_used_every
    last_use = LastUse(database_of(config.registry), every) if every else None
    config.set_authenticator(BearerTokens(last_use).identify)
    config.add_command("user", ".commands.user:user")
    config.add_command("token", ".commands.token:token")
