"""From an INI file to its application."""

from __future__ import annotations

import configparser
import os
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from pyramid.registry import Registry

    from colonnade.core.policy import Identity
    from colonnade.core.settings import ConfigurationErrors


def compose(ini: str) -> Registry:
    """Set up logging as an INI file says, and make its application.

    :returns: the application's registry.
    :raises ConfigurationError: with everything that keeps it from starting.
    """
    from pyramid.config import global_registries

    from colonnade.core.toolbar import left_out

    with left_out():
        application_of(ini)
    return global_registries.last  # whatever the INI puts around the application


def application_of(ini: str) -> WSGIApplication:
    """Set up logging as an INI file says, and make its application, with whatever the INI puts around it.

    :raises ConfigurationError: with everything that keeps it from starting.
    """
    loader = loader_of(ini)
    _set_up_logging(loader, ini)
    with reading(ini):
        application: WSGIApplication = loader.get_wsgi_app()
    return application


def loader_of(ini: str) -> Any:
    """What reads an INI file: plaster's loader for PasteDeploy.

    :raises ConfigurationError: if there is no such file.
    """
    path = ini.partition("#")[0].partition("?")[0]
    if not os.path.isfile(path):
        raise mistake(path, "there is no such file; name one by `colonnade -c FILE.ini` or in $COLONNADE_INI")
    from pyramid.scripts.common import get_config_loader

    # Its package is named: without that, what each installed package says of itself would be read to find it.
    return get_config_loader(f"plaster-pastedeploy+file+ini://{os.path.abspath(ini)}")


class reading:  # noqa: N801 - used as `with reading(ini):`
    """A block that reads an INI file: what PasteDeploy raises about the file leaves it as a ConfigurationError."""

    def __init__(self, ini: str) -> None:
        self._ini = ini

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: Any) -> None:
        of_the_file = isinstance(error, configparser.Error | PackageNotFoundError)  # the latter of `use = egg:…`
        if of_the_file or (isinstance(error, LookupError) and _is_pastedeploys(traceback)):
            raise mistake(self._ini, " ".join(str(error).strip("'\"").split())) from error


def mistake(ini: str, text: str) -> ConfigurationErrors:
    """Something that is wrong with an INI file as a whole, as an error to raise."""
    from colonnade.core.settings import ConfigurationErrors, Mistake, Origin

    return ConfigurationErrors([Mistake(Origin("settings", ini), text)])


def user_named(registry: Registry, name: str) -> Identity:
    """Find who a user is, for ``--as USER``.

    :raises Problem: if there is no such user, or no plug-in that knows users.
    """
    from colonnade.core.database import database_of
    from colonnade.core.plugins import plugins_of
    from colonnade.core.problems import NotFound

    if "accounts" not in {plugin.name for plugin in plugins_of(registry)}:
        raise NotFound("--as needs users, and the plug-in that keeps them, accounts, is not on.")
    from colonnade.plugins.accounts import identity_of_user

    with database_of(registry).read() as connection:
        return identity_of_user(connection, name)


def _set_up_logging(loader: Any, ini: str) -> None:
    try:
        loader.setup_logging()
    except (LookupError, ValueError, RuntimeError, AttributeError, ImportError, OSError, configparser.Error) as error:
        raise mistake(ini, f"its logging cannot be set up: {type(error).__name__}: {error}") from error


def _is_pastedeploys(traceback: Any) -> bool:
    """Whether it is PasteDeploy that finds no such section, rather than code of a plug-in that looks something up."""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    name: str = traceback.tb_frame.f_globals.get("__name__", "")
    return name.startswith(("paste.", "plaster"))
