"""What a problem knows before anybody answers with it."""

import pytest

from colonnade.core import problems
from colonnade.core.problems import (
    Conflict,
    Fault,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
)

STATUSES = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "Conflict": 409,
    "PreconditionFailed": 412,
    "ContentTooLarge": 413,
    "UnsupportedMediaType": 415,
    "Unprocessable": 422,
    "PreconditionRequired": 428,
    "InternalError": 500,
    "Unavailable": 503,
}


@pytest.mark.parametrize("name, status", STATUSES.items())
def test_each_named_problem_has_its_status_and_the_phrase_of_it(name: str, status: int) -> None:
    problem = getattr(problems, name)()

    assert problem.status == status
    assert problem.title
    assert problem.type == "about:blank"
    assert type(Problem.of_status(status)) is getattr(problems, name)


def test_a_slug_makes_a_type_and_a_title() -> None:
    problem = Conflict("The code is taken.", slug="value-taken")

    assert problem.type == "urn:colonnade:problem:value-taken"
    assert problem.title == "Value taken"
    assert str(problem) == "The code is taken."


def test_a_status_without_a_class_of_its_own_is_a_problem_all_the_same() -> None:
    assert (Problem.of_status(410).status, Problem.of_status(410).title) == (410, "Gone")
    assert Problem.of_status(499).title == "Status 499"


def test_a_refused_token_is_challenged_as_rfc_6750_says() -> None:
    assert dict(Unauthorized().headers) == {"WWW-Authenticate": 'Bearer realm="colonnade"'}
    assert dict(Unauthorized("Expired.", error="invalid_token").headers) == {
        "WWW-Authenticate": 'Bearer realm="colonnade", error="invalid_token"'
    }


def test_problems_that_need_a_header_bring_it() -> None:
    assert dict(Unavailable("Busy.", retry_after=7).headers) == {"Retry-After": "7"}
    assert dict(MethodNotAllowed(allow={"POST", "GET"}).headers) == {"Allow": "GET, POST"}


def test_an_extension_may_not_hide_a_member_of_the_problem() -> None:
    with pytest.raises(TypeError, match="request_id"):
        NotFound(request_id="mine")


def test_a_fault_says_only_what_it_knows() -> None:
    assert Fault("wrong").members() == {"detail": "wrong"}
    assert Fault("wrong", pointer="", code="json", allowed=("a", "b")).members() == {
        "detail": "wrong",
        "pointer": "",
        "code": "json",
        "allowed": ["a", "b"],
    }


def test_faults_and_extensions_are_kept() -> None:
    problem = Unprocessable("Two things.", faults=[Fault("a"), Fault("b")], line=3)

    assert [fault.detail for fault in problem.faults] == ["a", "b"]
    assert problem.extensions == {"line": 3}
