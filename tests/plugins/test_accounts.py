"""Who sent a request: tokens of users, looked up at every request."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pyramid.config import Configurator
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade.core.database import database_of, statements_of
from colonnade.core.problems import Conflict, Forbidden, NotFound, Unprocessable
from colonnade.plugins.accounts import (
    Token,
    User,
    create_token,
    create_user,
    find_user,
    identity_of_user,
    revoke_token,
)
from colonnade.plugins.accounts.models import now
from tests.functional.company import EVERY_USE
from tests.harness.applications import application

NUMBERS = itertools.count()
REFUSED = "The token is not good: unknown, expired or revoked."


def includeme(config: Configurator) -> None:
    """A plug-in that tells who asks."""
    config.add_plugin("mirror", requires=["accounts"])
    config.add_route("me", "/me")
    config.add_view(tell, route_name="me", permission="__no_permission_required__", renderer="json")


def tell(request: object) -> dict[str, object]:
    identity = request.identity  # type: ignore[attr-defined]
    return {
        "id": identity.id,
        "name": identity.name,
        "principals": sorted(identity.principals),
        "token": identity.token,
        "narrowed": None if identity.narrowed is None else sorted(identity.narrowed),
    }


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[Router]:
    with application(module_database_url, ("accounts", "rest", "people", __name__), **EVERY_USE) as made:
        yield made.app


@pytest.fixture
def ann(session: Session) -> User:
    """A user with two roles and a name of this test's own."""
    user = create_user(session, f"ann.{next(NUMBERS)}", ["staff", "hr"])
    session.commit()
    return user


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_a_token_tells_who_asks_by_one_statement(app: Router, client: TestApp, session: Session, ann: User) -> None:
    token, text = create_token(session, ann)
    session.commit()

    with statements_of(database_of(app.registry)) as statements:
        found = client.get("/me", headers=bearer(text)).json

    assert found == {
        "id": ann.id,
        "name": ann.name,
        "principals": sorted(["system.Everyone", "system.Authenticated", f"user:{ann.id}", "role:hr", "role:staff"]),
        "token": token.prefix,
        "narrowed": None,
    }
    assert len(statements) == 1


def test_a_user_without_roles_is_signed_in_too(client: TestApp, session: Session) -> None:
    _, text = create_token(session, create_user(session, "no.roles"))
    session.commit()

    principals = client.get("/me", headers=bearer(text)).json["principals"]

    assert "system.Authenticated" in principals
    assert not [each for each in principals if each.startswith("role:")]


def test_without_credentials_one_is_nobody(client: TestApp) -> None:
    assert client.get("/me").json["name"] == "anonymous"


def test_the_scheme_may_be_written_in_any_case(client: TestApp, session: Session, ann: User) -> None:
    _, text = create_token(session, ann)
    session.commit()

    assert client.get("/me", headers={"Authorization": f"bEARER   {text} "}).json["id"] == ann.id


def expired(session: Session, user: User) -> str:
    token, text = create_token(session, user, expires=now() + timedelta(days=1))
    token.expires = now() - timedelta(microseconds=1)
    return text


def revoked(session: Session, user: User) -> str:
    _, text = create_token(session, user)
    revoke_token(session, text)
    return text


def of_somebody_inactive(session: Session, user: User) -> str:
    _, text = create_token(session, user)
    user.active = False
    return text


def with_another_secret(session: Session, user: User) -> str:
    _, text = create_token(session, user)
    return text[:-1] + ("a" if text[-1] != "a" else "b")


def with_the_secret_of_another(session: Session, user: User) -> str:
    one, text = create_token(session, user)
    other, _ = create_token(session, user)
    return text.replace(one.prefix, other.prefix)


def unknown(session: Session, user: User) -> str:
    return "clnd_aaaaaaaa_" + "a" * 43


def malformed(session: Session, user: User) -> str:
    return create_token(session, user)[1] + "x"


def only_a_prefix(session: Session, user: User) -> str:
    return create_token(session, user)[0].prefix


def of_bytes(session: Session, user: User) -> str:
    return "clnd_\xff\xfe_%00"


def empty(session: Session, user: User) -> str:
    return ""


@pytest.mark.parametrize(
    "make",
    [
        expired,
        revoked,
        of_somebody_inactive,
        with_another_secret,
        with_the_secret_of_another,
        unknown,
        malformed,
        only_a_prefix,
        of_bytes,
        empty,
    ],
)
def test_whatever_is_wrong_with_a_token_is_answered_alike(
    client: TestApp, session: Session, ann: User, make: Callable[[Session, User], str]
) -> None:
    text = make(session, ann)
    session.commit()

    response = client.get("/me", headers=bearer(text), status=401)

    assert response.json["detail"] == REFUSED
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="colonnade", error="invalid_token"'


def test_a_token_expires_at_its_moment_and_not_before(client: TestApp, session: Session, ann: User) -> None:
    token, text = create_token(session, ann, expires=now() + timedelta(hours=1))
    session.commit()
    client.get("/me", headers=bearer(text), status=200)

    token.expires = now()
    session.commit()
    client.get("/me", headers=bearer(text), status=401)


@pytest.mark.parametrize("header", ["Basic YW5uOnNlY3JldA==", "clnd_aaaaaaaa_" + "a" * 43, "", "Negotiate x, Bearer y"])
def test_other_credentials_are_refused_and_not_taken_for_none(client: TestApp, header: str) -> None:
    response = client.get("/me", headers={"Authorization": header}, status=401)

    assert response.headers["WWW-Authenticate"] == 'Bearer realm="colonnade"'


def test_roles_and_activity_count_from_the_next_request_on(client: TestApp, session: Session, ann: User) -> None:
    _, text = create_token(session, ann)
    session.commit()
    assert "role:hr" in client.get("/me", headers=bearer(text)).json["principals"]

    ann.granted = [each for each in ann.granted if each.role != "hr"]
    session.commit()
    assert "role:hr" not in client.get("/me", headers=bearer(text)).json["principals"]


def test_a_narrowed_token_leaves_only_what_it_lists(client: TestApp, session: Session, ann: User) -> None:
    _, text = create_token(session, ann, narrowed=[("departments", "view"), ("employees", "view")])
    session.commit()

    narrowed = client.get("/me", headers=bearer(text)).json["narrowed"]
    assert narrowed == [["departments", "view"], ["employees", "view"]]
    client.get("/api/v1/departments", headers=bearer(text), status=200)
    client.get("/api/v1/salaries", headers=bearer(text), status=403)


def test_a_token_narrowed_to_nothing_leaves_nothing(client: TestApp, session: Session, ann: User) -> None:
    _, text = create_token(session, ann, narrowed=[])
    session.commit()

    assert client.get("/me", headers=bearer(text)).json["narrowed"] == []
    client.get("/api/v1/departments", headers=bearer(text), status=403)


def test_of_a_token_only_a_hash_is_kept(session: Session, ann: User) -> None:
    token, text = create_token(session, ann)
    session.commit()

    secret = text.split("_")[2]
    stored = [str(value) for value in vars(session.get(Token, token.id)).values()]
    assert not [value for value in stored if secret in value]
    assert len(secret) >= 43
    assert secret.isalnum()


def test_no_two_tokens_are_alike(session: Session, ann: User) -> None:
    texts = {create_token(session, ann)[1] for _ in range(50)}

    assert len(texts) == 50


def test_a_token_is_revoked_by_its_prefix_or_by_itself(session: Session, ann: User) -> None:
    for name in (
        lambda token, text: token.prefix,
        lambda token, text: f"clnd_{token.prefix}",
        lambda token, text: text,
    ):
        token, text = create_token(session, ann)
        assert revoke_token(session, name(token, text)) is token
        assert token.revoked is not None
    with pytest.raises(NotFound):
        revoke_token(session, "nonsense")


def test_a_revoked_token_keeps_the_time_of_its_revocation(session: Session, ann: User) -> None:
    token, text = create_token(session, ann)
    first = revoke_token(session, text).revoked

    assert revoke_token(session, text).revoked == first
    assert token.revoked == first


def test_a_token_that_would_have_expired_is_not_made(session: Session, ann: User) -> None:
    with pytest.raises(Unprocessable, match="expired already"):
        create_token(session, ann, expires=now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    "name", ["", " ann", "a b", "-ann", "ann\n", "a/b", "x" * 101, "Ann", "JÜRGEN", "ju\u0308rgen"]
)
def test_a_name_that_could_be_mistaken_is_refused(session: Session, name: str) -> None:
    with pytest.raises(Unprocessable):
        create_user(session, name)


@pytest.mark.parametrize("name", ["li", "ann.o-brien@example.com", "jürgen", "李", "a+b_c", "7"])
def test_names_may_be_of_any_script(session: Session, name: str) -> None:
    assert create_user(session, name).id is not None


@pytest.mark.parametrize("role", ["", "HR", "a b", "role:hr", "ä"])
def test_a_role_that_could_not_be_named_in_a_list_is_refused(session: Session, role: str) -> None:
    with pytest.raises(Unprocessable):
        create_user(session, "somebody", [role])


def test_a_name_is_given_once(session: Session, ann: User) -> None:
    with pytest.raises(Conflict, match=ann.name):
        create_user(session, ann.name)


def test_the_identity_of_a_user_is_that_of_their_token(
    app: Router, client: TestApp, session: Session, ann: User
) -> None:
    _, text = create_token(session, ann)
    session.commit()

    with database_of(app.registry).read() as connection:
        identity = identity_of_user(connection, ann.name)

    found = client.get("/me", headers=bearer(text)).json
    assert (identity.id, identity.name, sorted(identity.principals)) == (
        found["id"],
        found["name"],
        found["principals"],
    )


def test_nobody_acts_as_somebody_who_is_not_there_or_not_active(app: Router, session: Session, ann: User) -> None:
    ann.active = False
    session.commit()

    with database_of(app.registry).read() as connection:
        with pytest.raises(Forbidden, match="not active"):
            identity_of_user(connection, ann.name)
        with pytest.raises(NotFound, match=f"did you mean {ann.name}"):
            identity_of_user(connection, ann.name + "e")


def test_a_user_is_found_by_name(session: Session, ann: User) -> None:
    assert find_user(session, ann.name) is ann
    with pytest.raises(NotFound):
        find_user(session, "nobody.at.all")
