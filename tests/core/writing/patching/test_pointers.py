"""JSON Pointers, RFC 6901."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.writing.patching import format_pointer, parse_pointer, resolve

#: RFC 6901, section 5.
DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    "pointer, value",
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_a_pointer_of_the_standard_names_its_value(pointer: str, value: object) -> None:
    assert resolve(DOCUMENT, parse_pointer(pointer)) == value


def test_escapes_are_undone_once() -> None:
    assert parse_pointer("/~01") == ("~1",)
    assert parse_pointer("/~10") == ("/0",)


@pytest.mark.parametrize("text", ["foo", "foo/bar", "#/foo", "/a~", "/a~2b", "/~~0", " /a"])
def test_text_that_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON Pointer"):
        parse_pointer(text)


@pytest.mark.parametrize(
    "token", ["2", "-", "-1", "00", "01", "+1", "1e0", "0x0", " 0", "0 ", "\u0660", "", "foo", "9" * 5000]
)
def test_no_other_text_is_an_index(token: str) -> None:
    with pytest.raises(LookupError):
        resolve(["a", "b"], (token,))


@pytest.mark.parametrize("value", ["text", 1, True, None])
def test_a_scalar_has_no_members(value: object) -> None:
    with pytest.raises(LookupError):
        resolve({"a": value}, ("a", "0"))


@given(st.lists(st.text(alphabet="~01/abé") | st.text(max_size=3)).map(tuple))
def test_what_is_written_is_read_again(tokens: tuple[str, ...]) -> None:
    assert parse_pointer(format_pointer(tokens)) == tokens
