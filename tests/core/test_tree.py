"""A key is one segment of a URL, and a URL names one record."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colonnade.core.problems import NotFound
from colonnade.core.tree import join_key, split_key

AWKWARD = st.text(st.sampled_from(",/~.@2CFE7 \\%aé"), max_size=8) | st.text(max_size=8)
KEYS = st.lists(AWKWARD, min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    "parts, text",
    [
        (("7",), "7"),
        (("d001", "2"), "d001,2"),
        (("a,b", "c/d", "~"), "a~2Cb,c~2Fd,~7E"),
        (("",), "~"),
        (("", ""), ","),
        ((".",), "~2E"),
        (("..",), "~2E."),
        (("...",), "..."),
        (("@@edit",), "~40@edit"),
        (("é %",), "é %"),
    ],
)
def test_a_key_is_written_with_commas_and_three_escapes(parts: tuple[str, ...], text: str) -> None:
    assert join_key(parts) == text
    assert split_key(text) == parts


@given(KEYS)
@example((".", ""))
@example(("@@",))
def test_every_key_comes_back_from_its_url(parts: tuple[str, ...]) -> None:
    text = join_key(parts)

    assert split_key(text) == parts
    assert text not in ("", ".", "..")
    assert "/" not in text
    assert not text.startswith("@@")


@given(KEYS, KEYS)
def test_two_keys_have_two_urls(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (join_key(one) == join_key(other)) == (one == other)


@given(AWKWARD)
def test_a_text_is_the_url_of_one_key_or_of_none(text: str) -> None:
    try:
        parts = split_key(text)
    except NotFound:
        return
    assert join_key(parts) == text


@pytest.mark.parametrize("text", ["~2", "a~", "~2c", "~41", "~ZZ", "~+1", "~~", "", ".", "..", "@@edit", "a/b", "~7e"])
def test_a_text_that_no_key_is_written_as_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        split_key(text)


def test_a_key_without_parts_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError):
        join_key([])
