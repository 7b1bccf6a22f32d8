"""Who asks, and which views run for them."""

from collections.abc import Callable
from typing import Any

import pytest
from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED, forget, remember
from webtest import TestApp

from colonnade.core.policy.identity import ANONYMOUS, OPERATOR, Identity, IdentityAttributes, identity_attributes_of
from colonnade.core.problems import Unauthorized
from tests.core.small_app import GOVERNED, small_app

ANN = Identity.signed_in(7, "ann", roles=["hr"])
BOB = Identity.signed_in(8, "bob", roles=["staff"])
NARROW = Identity.signed_in(7, "ann", roles=["hr"], token="t1", narrowed=frozenset({("", "report")}))
KNOWN = {"ann": ANN, "bob": BOB, "narrow": NARROW, "operator": OPERATOR}


def authenticate(request: Request) -> Identity | None:
    """`Authorization: Bearer ann` is Ann; who is not known has a bad token."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    if not token:
        return None
    if token not in KNOWN:
        raise Unauthorized("This token is not known here.", error="invalid_token")
    return KNOWN[token]


def show_identity(request: Request) -> dict[str, object]:
    """Who asks, as Pyramid's own API has it."""
    return {
        "name": request.identity.name,
        "userid": request.authenticated_userid,
        "signed in": request.is_authenticated,
        "remembered": remember(request, "7"),
        "forgotten": forget(request),
    }


def governed(configure: Callable[[Configurator], None] = lambda config: None) -> TestApp:
    """An application that knows Ann and Bob, with /me, and what the test adds."""

    def includeme(config: Configurator) -> None:
        config.set_authenticator(authenticate)
        config.add_route("me", "/me")
        config.add_view(show_identity, route_name="me", renderer="json", permission=NO_PERMISSION_REQUIRED)
        config.include(configure)

    return small_app(includeme, rooms=GOVERNED)


def guarded(permission: str, context: object = None) -> Callable[[Configurator], None]:
    """Adds /guarded, which needs a permission on a context."""

    def configure(config: Configurator) -> None:
        options: dict[str, Any] = {} if context is None else {"factory": lambda request: context}
        config.add_route("guarded", "/guarded", **options)
        config.add_view(lambda request: Response("in"), route_name="guarded", permission=permission)

    return configure


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Shelf:
    """A context with a list of its own, outside the tree."""

    __acl__ = ((Allow, "role:staff", "read"), (Deny, Authenticated, "burn"), (Allow, Everyone, "look"))


# -- Identity


def test_the_authenticator_says_who_asks() -> None:
    said = governed().get("/me", headers=bearing("ann")).json

    assert said == {"name": "ann", "userid": 7, "signed in": True, "remembered": [], "forgotten": []}


def test_without_credentials_nobody_asks() -> None:
    said = governed().get("/me").json

    assert (said["name"], said["userid"], said["signed in"]) == ("anonymous", None, False)


def test_without_an_authenticator_nobody_is_known() -> None:
    def configure(config: Configurator) -> None:
        config.add_route("me", "/me")
        config.add_view(show_identity, route_name="me", renderer="json", permission=NO_PERMISSION_REQUIRED)

    assert small_app(configure, rooms=GOVERNED).get("/me", headers=bearing("ann")).json["name"] == "anonymous"


def test_a_bad_token_is_a_401_wherever_it_matters_who_asks() -> None:
    response = governed().get("/me", headers=bearing("stolen"), status=401)

    assert response.headers.getall("WWW-Authenticate") == ['Bearer realm="colonnade", error="invalid_token"']
    assert response.json["detail"] == "This token is not known here."


def test_a_bad_token_is_of_no_matter_where_nobody_asks_who_it_is() -> None:
    def configure(config: Configurator) -> None:
        config.add_route("open", "/open")
        config.add_view(lambda request: Response("ok"), route_name="open", permission=NO_PERMISSION_REQUIRED)

    governed(configure).get("/open", headers=bearing("stolen"), status=200)


def test_the_identity_is_found_once_a_request() -> None:
    asked = []

    def authenticate_and_count(request: Request) -> Identity:
        asked.append(request)
        return ANN

    def configure(config: Configurator) -> None:
        config.set_authenticator(authenticate_and_count)
        config.add_root_acl([(Allow, "role:hr", "report")])
        guarded("report")(config)

    small_app(configure, rooms=GOVERNED).get("/guarded", status=200)

    assert len(asked) == 1


def test_two_authenticators_are_told_apart_at_start() -> None:
    def other(config: Configurator) -> None:
        config.set_authenticator(lambda request: ANN)

    def one(config: Configurator) -> None:
        config.set_authenticator(authenticate)

    def configure(config: Configurator) -> None:
        config.include(one)
        config.include(other)

    with pytest.raises(ConfigurationConflictError, match=r"(?s)test_security.py.*test_security.py"):
        small_app(configure, rooms=GOVERNED)


def test_a_signed_in_identity_has_the_principals_that_lists_name() -> None:
    assert ANN.principals == {Everyone, Authenticated, "user:7", "role:hr"}
    assert not ANN.anonymous
    assert ANONYMOUS.anonymous
    assert ANONYMOUS.principals == {Everyone}
    assert not OPERATOR.anonymous


def test_an_identity_can_be_kept_in_a_set() -> None:
    assert {ANN, Identity.signed_in(7, "ann", roles=["hr"], attributes={})} == {ANN}


# -- What me says


def test_me_computes_what_is_used_once_and_nothing_else() -> None:
    calls: list[str] = []

    def departments(identity: Identity, connection: Any) -> list[str]:
        calls.append(connection)
        return [identity.name]

    def never(identity: Identity, connection: Any) -> None:
        raise AssertionError("nobody asked for it")

    functions = {"departments": departments, "unused": never}
    me = IdentityAttributes(Identity.signed_in(7, "ann", attributes={"team": 3}), functions, connect=lambda: "read")  # type: ignore[arg-type,return-value]

    assert (me["id"], me["name"], me["team"]) == (7, "ann", 3)
    assert calls == []
    assert me["departments"] == me["departments"] == ["ann"]
    assert calls == ["read"]
    assert set(me) == {"id", "name", "team", "departments", "unused"}
    assert len(me) == 5
    with pytest.raises(KeyError):
        me["salary"]


def test_an_attribute_is_added_by_name_and_resolved_by_dotted_name() -> None:
    config = Configurator()
    config.include("colonnade.core.policy.identity")
    config.add_identity_attribute("departments", "tests.core.test_security.authenticate")
    config.commit()

    assert identity_attributes_of(config.registry)["departments"].__name__ == "authenticate"


@pytest.mark.parametrize("name", ["id", "name", "_private", "two words", ""])
def test_an_attribute_that_me_cannot_have_is_refused_at_start(name: str) -> None:
    config = Configurator()
    config.include("colonnade.core.policy.identity")

    with pytest.raises(ConfigurationError, match="no name"):
        config.add_identity_attribute(name, lambda identity, connection: 1)


def test_two_attributes_of_one_name_are_told_apart_at_start() -> None:
    def one(config: Configurator) -> None:
        config.add_identity_attribute("team", lambda identity, connection: 1)

    def other(config: Configurator) -> None:
        config.add_identity_attribute("team", lambda identity, connection: 2)

    def configure(config: Configurator) -> None:
        config.include(one)
        config.include(other)

    with pytest.raises(ConfigurationConflictError, match=r"(?s)test_security.py.*test_security.py"):
        small_app(configure, rooms=GOVERNED)


# -- Views


def test_what_no_entry_allows_is_denied_401_to_strangers_403_to_others() -> None:
    app = governed(guarded("report"))

    response = app.get("/guarded", status=401)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="colonnade"'
    assert app.get("/guarded", headers=bearing("ann"), status=403).json["title"] == "Forbidden"


def test_roots_list_holds_for_views_without_a_context() -> None:
    def configure(config: Configurator) -> None:
        config.add_root_acl([(Deny, "user:8", "report"), (Allow, Authenticated, ["report", "other"])])
        guarded("report")(config)

    app = governed(configure)

    app.get("/guarded", headers=bearing("ann"), status=200)
    app.get("/guarded", headers=bearing("bob"), status=403)
    app.get("/guarded", status=401)


@pytest.mark.parametrize(
    "token, permission, status",
    [
        ("bob", "read", 200),  # the context's own entry
        ("ann", "read", 403),  # nobody's
        ("ann", "burn", 403),  # the context's Deny comes before Root's Allow
        ("ann", "shelve", 200),  # Root's
        ("bob", "shelve", 403),
        ("operator", "burn", 200),  # goes round it all
    ],
)
def test_a_contexts_list_comes_before_roots(token: str, permission: str, status: int) -> None:
    def configure(config: Configurator) -> None:
        config.add_root_acl([(Allow, "role:hr", ["burn", "shelve"])])
        guarded(permission, Shelf())(config)

    governed(configure).get("/guarded", headers=bearing(token), status=status)


def test_what_everyone_may_a_stranger_may() -> None:
    governed(guarded("look", Shelf())).get("/guarded", status=200)


def test_an_administrator_may_what_nobody_denied() -> None:
    admin = Identity.signed_in(1, "root", roles=["admin"])

    def configure(config: Configurator) -> None:
        config.set_authenticator(lambda request: admin)
        guarded("anything")(config)

    small_app(configure, rooms=GOVERNED).get("/guarded", status=200)


def test_a_narrowed_token_may_only_what_it_lists() -> None:
    def app(permission: str) -> TestApp:
        def configure(config: Configurator) -> None:
            config.add_root_acl([(Allow, "role:hr", ALL_PERMISSIONS)])
            guarded(permission)(config)

        return governed(configure)

    app("report").get("/guarded", headers=bearing("narrow"), status=200)
    app("audit").get("/guarded", headers=bearing("narrow"), status=403)
    app("audit").get("/guarded", headers=bearing("ann"), status=200)


def test_a_context_may_decide_for_itself() -> None:
    class Own:
        def permits(self, access: Any, permission: str) -> bool:
            return permission == "read" and access.identity.name == "ann"

    app = governed(guarded("read", Own()))

    app.get("/guarded", headers=bearing("ann"), status=200)
    app.get("/guarded", headers=bearing("bob"), status=403)
    app.get("/guarded", status=401)


def test_a_context_may_say_how_it_refuses_those_who_are_known() -> None:
    from colonnade.core.problems import NotFound

    class Hidden:
        def permits(self, access: Any, permission: str) -> bool:
            return False

        def refusal(self, access: Any) -> NotFound:
            return NotFound("Nothing to see.")

    app = governed(guarded("read", Hidden()))

    assert app.get("/guarded", headers=bearing("ann"), status=404).json["detail"] == "Nothing to see."
    app.get("/guarded", status=401)


def test_who_refuses_in_a_view_may_say_why() -> None:
    from pyramid.httpexceptions import HTTPForbidden

    def configure(config: Configurator) -> None:
        def view(request: Request) -> Response:
            raise HTTPForbidden("Not on a Sunday.")

        config.add_route("guarded", "/guarded")
        config.add_view(view, route_name="guarded", permission=NO_PERMISSION_REQUIRED)

    app = governed(configure)

    assert app.get("/guarded", headers=bearing("ann"), status=403).json["detail"] == "Not on a Sunday."
    app.get("/guarded", status=401)
    app.get("/guarded", headers=bearing("stolen"), status=401)
