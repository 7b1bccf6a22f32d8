"""A cursor opens as it was sealed, where it was sealed, and nowhere else."""

import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.problems import BadRequest
from colonnade.core.reading.cursor import Cursors

CURSORS = Cursors(b"a secret of this test")
BINDING = "user 7 of employees by -salary"

values = st.lists(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
).map(tuple)
bindings = st.text() | st.binary()


@given(values, bindings)
def test_a_cursor_opens_as_it_was_sealed(sealed: tuple[object, ...], binding: str | bytes) -> None:
    text = CURSORS.seal(sealed, binding)
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    assert CURSORS.open(text, binding) == sealed


@given(values, bindings, bindings)
def test_a_cursor_is_worth_nothing_where_it_was_not_made(
    sealed: tuple[object, ...], binding: bytes | str, other: bytes | str
) -> None:
    def data(bound: bytes | str) -> bytes:
        return bound.encode() if isinstance(bound, str) else bound

    text = CURSORS.seal(sealed, binding)
    if data(binding) != data(other):
        refused(CURSORS, text, other)


def test_every_changed_added_or_missing_character_is_refused() -> None:
    for sealed in ((), (1,), (12,), (123, "ä")):  # all lengths of the last group of base64
        text = CURSORS.seal(sealed, BINDING)
        for at, character in enumerate(text):
            for other in string.ascii_letters + string.digits + "-_+/= .\n\0é":
                if other != character:
                    refused(CURSORS, text[:at] + other + text[at + 1 :], BINDING)
            refused(CURSORS, text[:at] + text[at + 1 :], BINDING)
            refused(CURSORS, text[:at] + "\n" + text[at:], BINDING)
        refused(CURSORS, text + "=", BINDING)
        refused(CURSORS, text + "A", BINDING)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_anything_else_is_refused(text: str) -> None:
    refused(CURSORS, text, BINDING)


def test_what_moves_between_binding_and_values_is_noticed() -> None:
    # Were the two only joined, one signature would stand for every way to part them.
    data = urlsafe_b64decode(pad(CURSORS.seal(("a",), b"binding\x01")))
    moved = urlsafe_b64encode(data[:16] + b"\x01" + data[16:]).decode().rstrip("=")
    refused(CURSORS, moved, b"binding")


def pad(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def test_another_secret_opens_nothing() -> None:
    refused(Cursors(b"another secret"), CURSORS.seal((1,), BINDING), BINDING)


def test_the_same_secret_in_another_process_opens_it() -> None:
    assert Cursors(b"a secret of this test").open(CURSORS.seal((1, "a"), BINDING), BINDING) == (1, "a")


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Cursors(b"")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_json_are_an_error_of_the_program(value: float) -> None:
    with pytest.raises(ValueError):
        CURSORS.seal((value,), BINDING)


def refused(cursors: Cursors, text: str, binding: bytes | str) -> None:
    with pytest.raises(BadRequest) as raised:
        cursors.open(text, binding)
    (fault,) = raised.value.faults
    assert (fault.parameter, fault.detail) == ("cursor", "is not a cursor of this list; start again without it")
