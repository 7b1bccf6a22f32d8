"""Requests as documents show them, sent to the server of the document.

    GET /api/v1/employees?limit=1
    If-None-Match: "abc"

    HTTP/1.1 304 Not Modified

A request needs no more than its first line, and several may follow each other. Where an answer is shown, its status,
its headers as far as they are shown, and its body if it is shown have to be so. Otherwise the request has to succeed,
or, in a block ```http refused, to be answered with a 4xx.
"""

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.harness.markdown import Block, ExampleError, resembles

_REQUEST = re.compile(r"^(?P<method>GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (?P<target>/.*?)(?: HTTP/1\.1)?$")
_STATUS = re.compile(r"^HTTP/1\.1 (?P<status>\d{3})\b")

#: What may stand in a target as it is; documents leave the rest readable, browsers and curl encode it.
_SAFE = "%/?:@!$&'()*+,;=-._~"


@dataclass
class Message:
    """Headers and a body, while they are read line by line."""

    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @classmethod
    def read(cls, lines: list[str]) -> "Message":
        """Headers up to the first empty line, the body after it."""
        end = lines.index("") if "" in lines else len(lines)
        headers = dict(line.split(": ", 1) for line in lines[:end])
        return cls(headers, "\n".join(lines[end + 1 :]).strip("\n"))


@dataclass(frozen=True)
class Exchange:
    """A request, and the answer that the document shows for it: its status is 0 where it shows none."""

    line: int
    method: str
    target: str
    request: Message
    status: int
    answer: Message


def exchanges_of(block: Block) -> Iterator[Exchange]:
    """The requests of an ```http block. Raises ExampleError where it does not begin with one."""
    lines = block.text.splitlines()
    starts = [index for index, line in enumerate(lines) if _REQUEST.match(line)]
    if starts[:1] != [0]:
        raise ExampleError(f"{block.where}: an http block begins with a request: `GET /…`")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first, rest = _REQUEST.match(lines[start]), lines[start + 1 : end]
        assert first is not None
        shown = next((index for index, line in enumerate(rest) if _STATUS.match(line)), len(rest))
        status = _STATUS.match(rest[shown]) if shown < len(rest) else None
        try:
            request, answer = Message.read(rest[:shown]), Message.read(rest[shown + 1 :])
        except ValueError:
            raise ExampleError(f"{block.where}: a header is `Name: value`, and an empty line ends them") from None
        yield Exchange(
            block.line + start,
            first["method"],
            first["target"],
            request,
            int(status["status"]) if status else 0,
            answer,
        )


def send(exchange: Exchange, port: int, token: str, *, refused: bool) -> None:
    """Send a request to 127.0.0.1, with a bearer token unless it is "" or the request has its own. Raises ExampleError
    where the answer is not what the document leads one to expect."""
    headers = {"Content-Type": "application/json"} if exchange.request.body else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            exchange.method,
            quote(exchange.target, safe=_SAFE),
            exchange.request.body.encode() or None,
            headers | exchange.request.headers,
        )
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise ExampleError(f"no answer: {error!r}; does the document say `<!-- served as: NAME -->`?") from error
    finally:
        connection.close()
    wanted = exchange.status or ("4xx" if refused else "2xx")
    if str(answer.status) != str(wanted) and f"{answer.status // 100}xx" != wanted:
        raise ExampleError(f"was answered with {answer.status}, not {wanted}:\n{readable(body)}")
    for name, value in exchange.answer.headers.items():
        if not resembles(answer.headers.get(name, ""), value):
            raise ExampleError(f"was answered with {name}: {answer.headers.get(name)}, not {value}")
    if exchange.answer.body and not resembles(readable(body), readable(exchange.answer.body)):
        raise ExampleError(f"was answered:\n{readable(body)}\n\nThe document has:\n{exchange.answer.body}")


def readable(body: str) -> str:
    """JSON as documents show it, anything else as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.strip("\n")
