"""Log records that know their request, as ``%(request_id)s``; ``-`` outside a request.

The logging of an INI file knows classes of formatters, and no filters::

    [formatter_generic]
    class = colonnade.core.request_log.RequestIdFormatter
    format = %(asctime)s %(levelname)-5.5s [%(name)s] [%(request_id)s] %(message)s

`RequestIdFilter` is for those who configure logging by a dictionary, or have a formatter of their own.
"""

from __future__ import annotations

import logging

from pyramid.threadlocal import get_current_request

from colonnade.core.request_id import request_id_of

NO_REQUEST = "-"


def current_request_id() -> str:
    """The id of the request that this thread is at, or ``-``."""
    request = get_current_request()
    return NO_REQUEST if request is None else request_id_of(request.environ)


class RequestIdFormatter(logging.Formatter):
    """A formatter whose format may name ``request_id``."""

    def format(self, record: logging.LogRecord) -> str:
        if not hasattr(record, "request_id"):
            record.request_id = current_request_id()
        return super().format(record)


class RequestIdFilter(logging.Filter):
    """Lets every record pass, and gives it ``request_id``."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = current_request_id()
        return True
