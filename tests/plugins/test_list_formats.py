"""``config.add_list_format``: what a plug-in may say, and what two may not."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.request import Request
from pyramid.response import Response

from colonnade.plugins.rest.formats import list_formats


def as_points(request: Request) -> Response:
    """A format."""
    return Response("points")


def as_stars(request: Request) -> Response:
    """Another one."""
    return Response("stars")


def configurator() -> Configurator:
    """One with the directive."""
    config = Configurator()
    config.include("colonnade.plugins.rest.formats")
    return config


def test_formats_are_known_by_media_type_in_the_order_in_which_they_were_added() -> None:
    config = configurator()
    config.add_list_format("text/x-points", f"{__name__}:as_points")
    config.add_list_format("application/x-stars", as_stars)
    config.commit()
    formats = list_formats(config.registry)
    assert list(formats.items()) == [("text/x-points", as_points), ("application/x-stars", as_stars)]


def test_without_any_there_are_none() -> None:
    config = configurator()
    config.commit()
    assert not list_formats(config.registry)


def test_two_plug_ins_that_claim_one_are_told_apart() -> None:
    config = configurator()
    config.add_list_format("text/x-points", as_points)
    config.add_list_format("text/x-points", as_stars)
    with pytest.raises(ConfigurationConflictError, match=r"text/x-points"):
        config.commit()
