"""Cross-origin calls: off unless origins are named, and then for these alone."""

from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from colonnade import main
from tests.functional.company import settings

NOWHERE = "sqlite:////nowhere/at-all.sqlite"
OURS, THEIRS = "https://app.example.com", "https://evil.example.com"


def client(origins: str) -> TestApp:
    """The application, to be called from these origins."""
    return TestApp(main({}, **settings(NOWHERE, **{"rest.cors_origins": origins})))


def test_a_named_origin_may_call_and_read_what_it_needs() -> None:
    """The preflight admits it; the answer exposes the headers of paging and caching."""
    preflight = client(OURS).options(
        "/api/v1/employees",
        headers={
            "Origin": OURS,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "Authorization",
        },
    )
    assert preflight.headers["Access-Control-Allow-Origin"] == OURS
    answer = client(OURS).get("/api/v1", headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    exposed = {each.strip().lower() for each in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"etag", "link", "location", "x-request-id"} <= exposed


def test_a_problem_can_be_read_by_a_named_origin() -> None:
    """A browser hides an answer without the header, and so the reason."""
    answer = client(OURS).get("/api/v1/employees", headers={"Origin": OURS}, status=401)
    assert answer.headers["Access-Control-Allow-Origin"] == OURS


@pytest.mark.parametrize("origins", ["", OURS])
def test_another_origin_may_not(origins: str) -> None:
    """The answer carries no permission for it, so its browser keeps it from the page."""
    answer = client(origins).get("/api/v1", headers={"Origin": THEIRS}, expect_errors=True)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.status_int < 500


def test_what_is_no_origin_is_refused_at_start() -> None:
    """A host alone would never match, silently."""
    with pytest.raises(
        ConfigurationError, match=r"rest\.cors_origins.*'example\.com' is no origin; write scheme and host"
    ):
        client("example.com")
