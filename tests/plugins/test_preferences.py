"""``Prefer``, RFC 7240: read once, never passed over where it prevents something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.problems import BadRequest
from colonnade.core.request import Request
from colonnade.plugins.rest.preferences import Preferences, parse_preferences, preferences_of

KNOWN = ("return", "tx", "max-affected", "handling")


def refused(header: str) -> list[str | None]:
    with pytest.raises(BadRequest) as raised:
        parse_preferences(header)
    return [fault.code for fault in raised.value.faults]


@pytest.mark.parametrize(
    "header, preferences",
    [
        ("", Preferences()),
        (" , ,", Preferences()),
        ("return=minimal", Preferences(return_="minimal")),
        ("return=representation", Preferences(return_="representation")),
        ("tx=rollback", Preferences(tx="rollback")),
        ("tx=commit", Preferences(tx="commit")),
        ("max-affected=12", Preferences(max_affected=12)),
        ("handling=lenient", Preferences(handling="lenient")),
        ("handling=strict,tx=rollback", Preferences(handling="strict", tx="rollback")),
        # Case, white space, quotes, empty elements.
        ("Return=Minimal", Preferences(return_="minimal")),
        ("TX = ROLLBACK\t,\tMax-Affected = 3", Preferences(tx="rollback", max_affected=3)),
        ('tx="rollback", max-affected="3"', Preferences(tx="rollback", max_affected=3)),
        (r'tx="roll\back"', Preferences(tx="rollback")),
        (",, return=minimal,, tx=commit,", Preferences(return_="minimal", tx="commit")),
        # Parameters are nobody's yet.
        ('return=minimal; foo="some, thing; tx=rollback"; bar;; a = b, tx=commit', Preferences("minimal", "commit")),
        # RFC 7240's own examples: what is not known is passed over.
        ("respond-async, wait=10", Preferences()),
        ('foo; bar=""', Preferences()),
        ("priority=5", Preferences()),
        ('respond-async; x="a\\"b", return=minimal', Preferences(return_="minimal")),
        # Of several the first one counts; a value that there is not is passed over.
        ("return=minimal, return=representation", Preferences(return_="minimal")),
        ("return=everything", Preferences()),
        ("return", Preferences()),
        ("handling=easy", Preferences()),
        ("tx=rollback, tx=rollback", Preferences(tx="rollback")),
    ],
)
def test_preferences_are_read(header: str, preferences: Preferences) -> None:
    assert parse_preferences(header) == preferences


@pytest.mark.parametrize(
    "header",
    [
        *("tx", "tx=", 'tx=""', "tx=roll-back", "tx=rollback2"),
        *(f"max-affected={number}" for number in ("", "0", "-1", "1.5", "01", "1e3", "many", "9" * 5000)),
        "max-affected",
    ],
)
@pytest.mark.parametrize("handling", ["", "handling=lenient, ", "handling=strict, "])
def test_what_prevents_something_is_never_passed_over(handling: str, header: str) -> None:
    codes = refused(handling + header)

    assert codes in (["preference"], ["syntax"])


@pytest.mark.parametrize("header", ["tx=commit, tx=rollback", "max-affected=1, max-affected=2", "tx=rollback, tx"])
def test_what_contradicts_itself_is_refused(header: str) -> None:
    assert "contradiction" in refused(header)


@pytest.mark.parametrize(
    "header", ["return=", "=minimal", "return minimal", 'tx="rollback', "tx=rollback;;=", "tx==rollback", "tx:rollback"]
)
def test_a_header_that_cannot_be_read_is_refused(header: str) -> None:
    assert refused(header) == ["syntax"]


def test_strict_handling_refuses_what_is_not_known_and_names_what_is() -> None:
    with pytest.raises(BadRequest) as raised:
        parse_preferences("wait=10, return=everything, handling=strict, tx=never")

    unknown, value, preventing = raised.value.faults
    assert (unknown.code, unknown.allowed) == ("unknown_preference", KNOWN)
    assert (value.code, value.allowed) == ("preference", ("minimal", "representation", "changes"))
    assert (preventing.code, preventing.allowed) == ("preference", ("commit", "rollback"))


def test_what_was_gone_by_is_told() -> None:
    preferences = Preferences(return_="minimal", tx="rollback", max_affected=3)

    assert preferences.applied("return") == "return=minimal"
    assert preferences.applied(*KNOWN) == "return=minimal, tx=rollback, max-affected=3"
    assert preferences.applied("handling") is None
    assert preferences.applied() is None


def test_several_headers_are_one() -> None:
    request = Request.blank("/")
    assert preferences_of(request) == Preferences()

    request.environ["HTTP_PREFER"] = "return=minimal,tx=rollback"  # as WSGI servers join them
    assert preferences_of(request) == Preferences(return_="minimal", tx="rollback")


@given(st.text(alphabet='tx=rolback,; "\\\t-', max_size=40))
def test_any_header_is_read_or_refused(header: str) -> None:
    try:
        preferences = parse_preferences(header)
    except BadRequest:
        return
    assert preferences == Preferences()


@given(st.text(max_size=20), st.sampled_from(["tx=rollback", 'tx="rollback"', "TX=rollback;a=b"]))
def test_a_rollback_is_found_behind_anything(before: str, rollback: str) -> None:
    try:
        preferences = parse_preferences(f"{before},{rollback}")
    except BadRequest:
        return
    assert preferences.tx == "rollback" or '"' in before  # it may be part of somebody's quoted parameter
