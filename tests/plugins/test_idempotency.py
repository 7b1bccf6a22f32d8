"""A request with an Idempotency-Key happens once, however often it is sent."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.authorization import Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid_retry import RetryableException
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from webtest import TestApp, TestResponse

from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import check, upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import Identity
from colonnade.core.problems import Conflict
from colonnade.plugins.rest import once
from colonnade.plugins.rest.idempotency import KeptAnswer
from tests.core.stubs import start
from tests.resilience.serving import PATIENCE, served
from tests.resilience.test_leaving_clients import leave, sent

postgresql = pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
sqlite = pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Base(DeclarativeBase):
    """Not the house's: the table of a test is no plug-in's business."""


class Deed(Base):
    """Something that was done."""

    __tablename__ = "deed"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]


def nothing(request: Request) -> Response | None:
    """Nothing special happens."""
    return None


@dataclass
class Works:
    """The application, in which /deeds does something once, and what a test does in the middle of it."""

    app: Any
    during: Callable[[Request], Response | None] = field(default=nothing)

    @property
    def database(self) -> Database:
        return database_of(self.app.registry)

    def client(self, name: str | None = "ann", *, roles: tuple[str, ...] = ("staff",), **more: Any) -> TestApp:
        """One who calls; nobody with None."""
        identity = None if name is None else Identity.signed_in(name, name, roles=roles, **more)
        return TestApp(self.app, {} if identity is None else {"app.identity": identity})

    def do(
        self, key: str | None = "k1", body: object = "sweep", client: TestApp | None = None, **headers: str
    ) -> TestResponse:
        """Ask for a deed."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            headers["Idempotency-Key"] = key
        return (client or self.client()).post_json("/deeds", body, headers=headers, expect_errors=True)

    def deeds(self) -> list[str]:
        """What has been done."""
        with self.database.sessions() as session:
            return list(session.scalars(sa.select(Deed.what).order_by(Deed.id)))

    def kept(self) -> list[Any]:
        """What is kept."""
        with self.database.sessions() as session:
            return list(session.execute(sa.select(KeptAnswer.__table__)))

    def age(self, hours: float) -> None:
        """Let what is kept be so much older."""
        with self.database.sessions.begin() as session:
            for answer in session.scalars(sa.select(KeptAnswer)):
                answer.created -= timedelta(hours=hours)


def includeme(config: Configurator) -> None:
    """The service of the tests."""
    config.add_plugin("works", summary="Does things", requires=["rest"])
    config.add_route("deeds", "/deeds")
    config.add_route("others", "/others")
    for route in ("deeds", "others"):
        config.add_view(deed, route_name=route, request_method=EVERY_METHOD, permission=NO_PERMISSION_REQUIRED)


def deed(request: Request) -> Response:
    """Do something, once."""
    works: Works = request.registry["works"]

    def perform() -> Response:
        done = Deed(what=json.loads(request.body or b'"nothing"'))
        request.dbsession.add(done)
        request.dbsession.flush()
        otherwise = works.during(request)
        if otherwise is not None:
            return otherwise
        response = Response(json_body={"id": done.id, "what": done.what}, status=201, location=f"/deeds/{done.id}")
        response.etag = f"v{done.id}"
        response.headers["Preference-Applied"] = "return=representation"
        response.headers["X-Of-The-Moment"] = "yes"
        response.set_cookie("session", "secret")
        return response

    return once(request, perform)


@pytest.fixture(scope="module")
def running(module_database_url: str) -> Iterator[Works]:
    """The application; the tests of this module share it."""
    app = start(colonnade__plugins=f"rest\n{__name__}", sqlalchemy__url=module_database_url)
    made = app.registry["works"] = Works(app)
    upgrade(made.database, plugins_of(app.registry), lambda _: None)
    Base.metadata.create_all(made.database.engine)
    yield made
    made.database.dispose()


@pytest.fixture
def works(running: Works) -> Iterator[Works]:
    """The same before anything was done."""
    yield running
    running.during = nothing
    with running.database.sessions.begin() as session:
        session.execute(sa.delete(Deed))
        session.execute(sa.delete(KeptAnswer))


def is_replay(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def assert_repeats(again: TestResponse, first: TestResponse) -> None:
    """The same answer: status, body, and the headers that are about what was done."""
    assert is_replay(again)
    assert not is_replay(first)
    assert (again.status, again.body) == (first.status, first.body)
    for name in ("Content-Type", "Content-Length", "Location", "ETag", "Preference-Applied"):
        assert again.headers.get(name) == first.headers.get(name), name


def problem(answer: TestResponse) -> tuple[int, str]:
    return answer.status_int, answer.json["type"].rpartition(":")[2]


# -- A repeat


def test_a_repeat_gets_the_first_answer_and_nothing_happens_again(works: Works) -> None:
    first = works.do()
    assert (first.status_int, first.json["what"]) == (201, "sweep")

    for _ in range(3):
        assert_repeats(works.do(), first)
    assert works.deeds() == ["sweep"]


def test_without_a_key_each_request_is_its_own(works: Works) -> None:
    assert [works.do(None).status_int for _ in range(2)] == [201, 201]
    assert works.deeds() == ["sweep", "sweep"]
    assert works.kept() == []


def test_another_key_is_another_deed(works: Works) -> None:
    assert works.do("k1").json["id"] != works.do("k2").json["id"]
    assert works.deeds() == ["sweep", "sweep"]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_answer_without_a_body_is_repeated_as_it_was(works: Works, status: int) -> None:
    def bare(_: Request) -> Response:
        response = Response(status=status)
        response.content_type = None
        return response

    works.during = bare
    first, again = works.do(), works.do()

    assert_repeats(again, first)
    assert again.body == b""


@pytest.mark.parametrize("body", [bytes(range(256)), "é".encode("latin-1"), b"x" * 200_000])
def test_a_body_is_repeated_byte_for_byte(works: Works, body: bytes) -> None:
    works.during = lambda _: Response(body=body, content_type="application/octet-stream")
    first = works.do()

    assert_repeats(works.do(), first)
    assert first.body == body


def test_only_what_was_answered_is_kept_and_of_that_nothing_of_the_moment(works: Works) -> None:
    first = works.do("a-key-of-theirs", client=works.client(token="clnd-prefix"), Authorization="Bearer of-news")
    again = works.do("a-key-of-theirs", client=works.client(token="clnd-prefix"))

    assert is_replay(again)
    assert "Set-Cookie" not in again.headers
    assert "X-Of-The-Moment" not in again.headers
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    (kept,) = works.kept()
    for secret in ("a-key-of-theirs", "clnd-prefix", "of-news", "secret"):
        assert secret not in repr(tuple(kept))


# -- Keys


def test_the_quoted_form_is_the_same_key(works: Works) -> None:
    first = works.do("8e03978e-40d5")

    assert_repeats(works.do('"8e03978e-40d5"'), first)
    assert not is_replay(works.do(r'"a\"b\\c"'))
    assert is_replay(works.do(r'a"b\c'))


def test_a_key_has_any_visible_characters(works: Works) -> None:
    for key in ("x", "k" * 255, "".join(map(chr, range(0x23, 0x7F))), "a,b;c=d"):
        assert works.do(key).status_int == 201
        assert is_replay(works.do(key))


@pytest.mark.parametrize(
    "key", ["", " ", '""', '"', '"abc', '"a" b', '"a";b=1', '"a\\b"', "a b", "k1, k2", "k" * 256, '" "', "clé", "a\tb"]
)
def test_what_is_no_key_is_refused_and_nothing_happens(works: Works, key: str) -> None:
    answer = works.do(key)

    assert answer.status_int == 400
    assert "Idempotency-Key" in answer.json["detail"]
    assert answer.json["errors"][0]["code"] == "idempotency_key"
    assert works.deeds() == []


# -- Another request


@pytest.mark.parametrize(
    "other",
    [
        lambda works: works.do(body="mop"),
        lambda works: works.do(Prefer="return=minimal"),
        lambda works: works.do(If_Match='"v1"'),
        lambda works: works.do(Content_Type="application/merge-patch+json"),
        lambda works: works.client().post_json("/deeds?a=1", "sweep", headers=KEY, expect_errors=True),
        lambda works: works.client().post_json("/others", "sweep", headers=KEY, expect_errors=True),
        lambda works: works.client().put_json("/deeds", "sweep", headers=KEY, expect_errors=True),
        lambda works: works.client().delete("/deeds", headers=KEY, expect_errors=True),
    ],
    ids=["body", "Prefer", "If-Match", "Content-Type", "query", "path", "method", "no body"],
)
def test_the_key_of_another_request_is_refused(works: Works, other: Callable[[Works], TestResponse]) -> None:
    first = works.do()

    assert problem(other(works)) == (422, "idempotency-key-reused")
    assert works.deeds() == ["sweep"]
    assert_repeats(works.do(), first)


KEY = {"Idempotency-Key": "k1"}


# -- Who asks


def test_a_key_is_nothing_to_somebody_else(works: Works) -> None:
    others = [
        works.client("ann"),
        works.client("bob"),
        works.client("ann", token="one"),
        works.client("ann", token="two"),
    ]
    firsts = [works.do(client=other, body="sweep") for other in others]

    assert [first.status_int for first in firsts] == [201] * 4
    assert len({first.json["id"] for first in firsts}) == 4
    for other, first in zip(others, firsts, strict=True):
        assert_repeats(works.do(client=other), first)
    assert len(works.deeds()) == 4


def test_nobody_has_a_key_of_their_own(works: Works) -> None:
    """All who do not sign in would share them, and could fill the table."""
    refused = works.client(None).post_json("/deeds", "sweep", headers={"Idempotency-Key": "k1"}, expect_errors=True)
    assert refused.status_int == 401
    assert works.deeds() == []


def test_ids_of_different_kinds_are_different_users(works: Works) -> None:
    first = works.do(client=works.client(7))  # type: ignore[arg-type]
    assert works.do(client=works.client("7")).json["id"] != first.json["id"]


@pytest.mark.parametrize(
    "before, after",
    [
        ({"roles": ("hr", "staff")}, {"roles": ("staff",)}),
        ({"roles": ("staff",)}, {"roles": ("hr", "staff")}),
        ({}, {"narrowed": frozenset({("deeds", "create")})}),
        ({"narrowed": frozenset({("deeds", "create"), ("deeds", "view")})}, {"narrowed": frozenset()}),
    ],
)
def test_who_has_other_permissions_now_is_told_that_it_was_done_and_nothing_more(
    works: Works, before: dict[str, Any], after: dict[str, Any]
) -> None:
    first = works.do(body="top secret", client=works.client(**before))
    answer = works.do(body="top secret", client=works.client(**after))

    assert problem(answer) == (409, "answer-withheld")
    assert "been done already" in answer.json["detail"]
    assert "secret" not in answer.text
    assert works.deeds() == ["top secret"]
    assert_repeats(works.do(body="top secret", client=works.client(**before)), first)


def test_the_order_of_principals_is_no_change(works: Works) -> None:
    one = Identity("ann", "ann", frozenset([Everyone, Authenticated, "a", "b", "c"]))
    other = Identity("ann", "Ann Other", frozenset(["c", "b", "a", Authenticated, Everyone]))
    first = works.do(client=TestApp(works.app, {"app.identity": one}))

    assert_repeats(works.do(client=TestApp(works.app, {"app.identity": other})), first)


# -- What is not kept


def test_what_was_refused_may_be_tried_again(works: Works) -> None:
    def refuse(_: Request) -> Response:
        raise Conflict("not now")

    works.during = refuse
    assert [works.do().status_int for _ in range(2)] == [409, 409]
    assert (works.deeds(), works.kept()) == ([], [])

    works.during = nothing
    assert not is_replay(works.do())
    assert works.deeds() == ["sweep"]


@pytest.mark.parametrize("status", [400, 409, 422, 503])
def test_a_refusal_that_is_returned_is_not_kept_either(works: Works, status: int) -> None:
    works.during = lambda _: Response(status=status)
    assert [works.do().status_int for _ in range(2)] == [status, status]

    assert (works.deeds(), works.kept()) == ([], [])


def test_what_breaks_while_it_is_committed_is_neither_done_nor_kept(works: Works) -> None:
    def doom(request: Request) -> None:
        sa.event.listen(request.dbsession, "before_commit", _break)

    works.during = doom  # type: ignore[assignment]
    assert works.do().status_int == 500
    assert (works.deeds(), works.kept()) == ([], [])

    works.during = nothing
    again = works.do()
    assert (again.status_int, is_replay(again)) == (201, False)
    assert works.deeds() == ["sweep"]


def _break(_: Session) -> None:
    raise RuntimeError("the disk is gone")


def test_a_preview_is_not_kept_and_takes_no_key(works: Works) -> None:
    works.during = lambda request: request.tm.doom()
    assert [works.do(Prefer="tx=rollback").status_int for _ in range(2)] == [201, 201]
    assert (works.deeds(), works.kept()) == ([], [])

    works.during = nothing
    first = works.do()
    assert not is_replay(first)
    works.during = lambda request: request.tm.doom()
    assert not is_replay(works.do(Prefer="tx=rollback"))
    assert_repeats(works.do(), first)
    assert works.deeds() == ["sweep"]


def test_looking_takes_no_key(works: Works) -> None:
    for key in ("k1", "k1", "no key at all"):
        assert works.client().get("/deeds", headers={"Idempotency-Key": key}).status_int == 201
    assert works.kept() == []


def test_a_body_is_read_within_its_limit(works: Works) -> None:
    assert works.do(body="x" * 1_048_576).status_int == 413
    assert works.deeds() == []


# -- Expiry


def test_an_answer_expires_and_then_the_key_is_free(works: Works) -> None:
    first = works.do()
    works.age(hours=23.9)
    assert_repeats(works.do(), first)

    works.age(hours=0.2)
    again = works.do(body="mop")
    assert (again.status_int, is_replay(again)) == (201, False)
    assert_repeats(works.do(body="mop"), again)
    assert works.deeds() == ["sweep", "mop"]


def test_what_has_expired_is_removed_on_use_a_part_at_a_time(works: Works) -> None:
    moment = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    row = {"fingerprint": "", "rights": "", "status": 200, "headers": [], "body": b""}
    with works.database.sessions.begin() as session:
        session.execute(
            sa.insert(KeptAnswer),
            [{**row, "name": f"old {n}", "created": moment + timedelta(hours=n)} for n in range(250)],
        )
    works.do("young")
    assert min(kept.created for kept in works.kept()) == moment + timedelta(hours=100)
    works.do("k2")
    assert len(works.kept()) == 52
    works.do("k2")  # a repeat does no more than it must
    assert len(works.kept()) == 52
    works.do("k3")
    assert len(works.kept()) == 3


def test_the_setting_says_for_how_long(works: Works, module_database_url: str) -> None:
    app = start(
        colonnade__plugins=f"rest\n{__name__}", sqlalchemy__url=module_database_url, rest__idempotency_hours="1"
    )
    shorter = app.registry["works"] = Works(app)
    first = works.do()
    assert_repeats(shorter.do(), first)
    works.age(hours=1.1)

    assert_repeats(works.do(), first)
    assert not is_replay(shorter.do())
    shorter.database.dispose()


# -- At once


def at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """Make all calls at the same moment, each on a thread of its own."""
    ready = threading.Barrier(len(calls))
    answers: list[TestResponse] = []

    def run(call: Callable[[], TestResponse]) -> None:
        ready.wait()
        answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return answers


@postgresql
def test_while_the_first_is_running_a_repeat_is_refused_and_told_when_to_come_again(works: Works) -> None:
    meanwhile: list[TestResponse] = []

    def ask_again(_: Request) -> None:
        works.during = nothing
        meanwhile.append(works.do())
        meanwhile.append(works.do("another"))

    works.during = ask_again  # type: ignore[assignment]
    first = works.do()

    repeat, other = meanwhile
    assert problem(repeat) == (409, "idempotency-key-in-use")
    assert repeat.headers["Retry-After"] == "1"
    assert other.status_int == 201
    assert_repeats(works.do(), first)
    assert len(works.deeds()) == 2


@sqlite
def test_where_writers_queue_a_repeat_waits_and_gets_the_first_answer(works: Works) -> None:
    answers: list[TestResponse] = []
    asking = threading.Thread(target=lambda: answers.append(works.do()))

    def ask_again(_: Request) -> None:
        works.during = nothing
        asking.start()

    works.during = ask_again  # type: ignore[assignment]
    first = works.do()
    asking.join(PATIENCE)

    assert_repeats(answers[0], first)
    assert works.deeds() == ["sweep"]


def test_of_many_at_once_one_happens(works: Works) -> None:
    for round_ in range(5):
        answers = at_once([lambda key=f"k{round_}": works.do(key)] * 6)  # type: ignore[misc]

        assert sum(answer.status_int == 201 and not is_replay(answer) for answer in answers) == 1
        assert Counter(answer.status_int for answer in answers).keys() <= {201, 409}
        assert len({answer.body for answer in answers if answer.status_int == 201}) == 1
        assert len(works.deeds()) == round_ + 1


def test_different_keys_do_not_wait_for_what_others_remove(works: Works) -> None:
    for key in "abcd":
        works.do(key)
    works.age(hours=48)

    answers = at_once([lambda key=key: works.do(key) for key in "abcd"])  # type: ignore[misc]
    assert [answer.status_int for answer in answers] == [201] * 4
    assert not any(map(is_replay, answers))
    assert (len(works.deeds()), len(works.kept())) == (8, 4)


def test_a_request_that_is_tried_again_by_the_server_happens_once(works: Works) -> None:
    tries: Counter[str] = Counter()

    def lose_the_first_time(request: Request) -> None:
        tries["all"] += 1
        if tries["all"] == 1:
            raise RetryableException

    works.during = lose_the_first_time  # type: ignore[assignment]
    first = works.do()

    assert (first.status_int, tries["all"]) == (201, 2)
    assert_repeats(works.do(), first)
    assert works.deeds() == ["sweep"]


def test_a_client_that_was_cut_off_before_it_was_answered_learns_what_happened(works: Works) -> None:
    running, gone = threading.Event(), threading.Event()

    def wait(_: Request) -> None:
        running.set()
        assert gone.wait(PATIENCE)

    works.during = wait  # type: ignore[assignment]
    text = 'POST /deeds HTTP/1.1\nContent-Type: application/json\nIdempotency-Key: k1\nContent-Length: 7\n\n"sweep"'
    known = Identity.signed_in("ann", "ann", roles=("staff",))
    with served(lambda environ, start: works.app({**environ, "app.identity": known}, start), threads=2) as port:
        connection = sent(port, "", text)
        assert running.wait(PATIENCE)
        leave(connection)
        gone.set()
    works.during = nothing

    answer = works.do(client=works.client("ann"))
    assert is_replay(answer)
    assert answer.json["what"] == "sweep"
    assert works.deeds() == ["sweep"]


def test_the_table_is_what_the_migration_makes(works: Works) -> None:
    assert check(works.database, plugins_of(works.app.registry)).differences == ()
