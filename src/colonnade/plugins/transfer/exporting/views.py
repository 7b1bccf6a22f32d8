"""Lists as files, over HTTP: what ``GET /api/v1/RESOURCE`` answers where ``Accept`` asks for one."""

from __future__ import annotations

from typing import Final

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.reading import Query, Whole, parse, reader_of, reading_of
from colonnade.plugins.rest.answers import private
from colonnade.plugins.rest.links import api_url

from .files import File, csv_file, json_lines_file

CSV: Final = "text/csv"
#: The same, with texts that begin like a formula left as they are.
RAW_CSV: Final = "text/csv;formulas=raw"
JSON_LINES: Final = "application/jsonl"
#: What JSON Lines are called, too.
ND_JSON: Final = "application/x-ndjson"


def as_csv(request: Request) -> Response:
    """A list as CSV, as a spreadsheet may open it."""
    file = csv_file(_whole(request), request.context.resource, _query(request))
    return _attached(request, file, f"{CSV}; charset=utf-8; header=present", "csv")


def as_raw_csv(request: Request) -> Response:
    """A list as CSV, for programs."""
    file = csv_file(_whole(request), request.context.resource, _query(request), raw=True)
    return _attached(request, file, f"{CSV}; charset=utf-8; header=present", "csv")


def as_json_lines(request: Request) -> Response:
    """A list as JSON Lines."""
    file = json_lines_file(_whole(request), request.context.resource, _query(request))
    return _attached(request, file, JSON_LINES, "jsonl")


def as_nd_json(request: Request) -> Response:
    """A list as JSON Lines, under their other name."""
    file = json_lines_file(_whole(request), request.context.resource, _query(request))
    return _attached(request, file, ND_JSON, "jsonl")


def _whole(request: Request) -> Whole:
    return Whole(reader_of(request, api_url(request)))


def _query(request: Request) -> Query:
    return parse(request.query_string, reading_of(request.registry).limits)


def _attached(request: Request, file: File, content_type: str, ending: str) -> Response:
    response = private(Response(app_iter=file))
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = f"attachment; filename={request.context.resource.name}.{ending}"
    return response


def includeme(config: Configurator) -> None:
    """Let lists be answered so."""
    config.add_list_format(CSV, as_csv)
    config.add_list_format(RAW_CSV, as_raw_csv)
    config.add_list_format(JSON_LINES, as_json_lines)
    config.add_list_format(ND_JSON, as_nd_json)
    config.add_road("rest export", kind="read", summary="GET of a collection as CSV or JSON Lines, by Accept")
