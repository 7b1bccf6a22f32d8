"""Finished answers: JSON text that the database wrote, an envelope around it, and what caches need.

An ETag is a hash of the answer: of what this URL gives this caller (RFC 9110, section 8.8.3). ``If-None-Match`` answers
304, ``If-Match`` 412. Answers are private and vary by who asks.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import blake2b

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.problems import PreconditionFailed
from colonnade.core.reading import Listing

from .links import moved

JSON = "application/json"

_PRIVATE = (("Cache-Control", "private"), ("Vary", "Authorization, Cookie, Accept"))


def page(request: Request, listing: Listing) -> Response:
    """The envelope of a list, and links to its neighbours (RFC 8288)."""
    links = []
    following = preceding = None
    if listing.following:
        following = moved(request, *next(iter(listing.following.items())))
        links.append(f'<{following}>; rel="next"')
    if listing.preceding:
        preceding = moved(request, *next(iter(listing.preceding.items())))
        links.append(f'<{preceding}>; rel="prev"')
    total = "" if listing.total is None else f',"total":{listing.total}'
    text = f'{{"data":[{listing.data}],"next":{json.dumps(following)}{total}}}'
    response = document(request, text)
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def tag_of(body: bytes) -> str:
    """The ETag of an answer."""
    return urlsafe_b64encode(blake2b(body, digest_size=15).digest()).decode()


def document(request: Request, text: str) -> Response:
    """One JSON document, or 304 where the caller has it already.

    :raises PreconditionFailed: where the caller asked for another state of it.
    """
    body = text.encode()
    tag = tag_of(body)
    if request.environ.get("HTTP_IF_MATCH") and tag not in request.if_match:
        raise PreconditionFailed(
            "The record has changed since: its ETag is another one now.", headers=[("ETag", f'"{tag}"')]
        )
    headers = [("ETag", f'"{tag}"'), *_PRIVATE]
    if request.environ.get("HTTP_IF_NONE_MATCH") and tag in request.if_none_match:
        return Response(status=304, headerlist=headers)
    headers += [("Content-Type", JSON), ("Content-Length", str(len(body)))]
    return Response(app_iter=[body], headerlist=headers)


def written(status: int, text: str | None, location: str | None = None, *, tagged: bool = True) -> Response:
    """What a write answers: what it wrote, as its author may see it.

    :param text: None where they may not see it, or would rather not.
    :param location: of a record that is new, or goes by another key now.
    :param tagged: whether the text is what a GET of this URL would give.
    """
    headers = list(_PRIVATE)
    if location is not None:
        headers.append(("Location" if status == 201 else "Content-Location", location))
    if text is None:
        return Response(status=status if status == 201 else 204, headerlist=headers)
    body = text.encode()
    if tagged:
        headers.append(("ETag", f'"{tag_of(body)}"'))
    headers += [("Content-Type", JSON), ("Content-Length", str(len(body)))]
    return Response(status=status, app_iter=[body], headerlist=headers)


def private(response: Response) -> Response:
    """Let no shared cache keep the answer, and none give it to another caller, or to one who asks for another form."""
    for name, value in _PRIVATE:
        response.headers[name] = value
    return response
