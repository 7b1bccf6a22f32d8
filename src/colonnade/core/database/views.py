"""Errors of the database that nobody caught, answered as the problems that they are."""

from __future__ import annotations

import sqlite3

import psycopg
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid_retry import is_error_retryable
from sqlalchemy.exc import SQLAlchemyError

from colonnade.core.database.errors import problem_of
from colonnade.core.problems.rendering import answer
from colonnade.core.problems.views import problem_view, unexpected_view


def database_error_view(error: Exception, request: Request) -> Response:
    """A 503, 409 or 422 where the error says as much; otherwise it is like any other mistake of ours."""
    problem = problem_of(error)
    if problem is None:
        return unexpected_view(error, request)
    if is_error_retryable(request, error):
        return answer(problem, request)  # pyramid_retry drops it and tries again: nothing to log yet
    problem.__cause__ = error
    return problem_view(problem, request)


def includeme(config: Configurator) -> None:
    """Answer what SQLAlchemy and the drivers raise."""
    for raised in (SQLAlchemyError, psycopg.Error, sqlite3.Error):
        config.add_exception_view(database_error_view, context=raised)
