"""The fenced blocks and the links of a Markdown file, and the comments that say how a block is to be run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})\s*(?P<language>[^\s`]*)(?P<words>[^`]*)$")
_COMMENT = re.compile(r"^\s*<!--\s*(?P<name>[a-z ]+?)\s*(?::\s*(?P<value>.*?))?\s*-->\s*$")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)[^)]*\)")

#: Said once in a document, anywhere: `make serve` runs before its first example, and $TOKEN is a token of that user.
SERVED_AS = "served as"


class ExampleError(Exception):
    """An example that does not do what its document says; the text names the file and the line."""


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is that of its first line of text (from 1), `words` are those after its language; `file`
    is the name to write it under, `not_run` the reason for leaving it alone, "" where the document names none."""

    document: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str
    file: str = ""
    not_run: str = ""

    @property
    def where(self) -> str:
        """The place as editors and terminals link it."""
        return f"{self.document}:{self.line}"


def blocks_of(document: Path, text: str) -> Iterator[Block]:
    """The fenced blocks of a document, in order. Raises ExampleError for a fence without an end, and for comments that
    are not known or lack their value."""
    comments: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if fence := _FENCE.match(line):
            body = list(_until(fence["fence"], lines))
            if not body or body.pop() is not None:
                raise ExampleError(f"{document}:{number}: this block has no end")
            code = "".join(f"{each}\n" for each in body)
            yield _block(document, number + 1, fence["language"], tuple(fence["words"].split()), code, comments)
            comments = {}
        elif comment := _COMMENT.match(line):
            if comment["name"] != SERVED_AS:  # that one is said of the document
                comments[comment["name"]] = comment["value"] or ""
        elif line.strip():
            comments = {}


def served_as(text: str) -> str:
    """For whom the document has a token from its beginning; "" where it does not say `<!-- served as: NAME -->`."""
    found = (_COMMENT.match(line) for line in text.splitlines())
    return next((each["value"] or "" for each in found if each and each["name"] == SERVED_AS), "")


def links_of(text: str) -> Iterator[str]:
    """The targets of the links, without those inside of fenced blocks."""
    outside, fence = [], ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and line.strip().startswith(fence) else fence
        elif found:
            fence = found["fence"]
        else:
            outside.append(line)
    return (link["target"] for link in _LINK.finditer("\n".join(outside)))


def anchors_of(text: str) -> set[str]:
    """The names under which a document's headings can be linked, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} +(.*?)\s*#*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_of(block: Block) -> Iterator[tuple[int, str, str]]:
    """The commands of a console block: line, command, and the output that the document shows for it ("" for none).

    A command follows `$ `, and goes on in lines after `> ` or a trailing backslash.
    """
    lines = block.text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    if starts[:1] != [0]:
        raise ExampleError(f"{block.where}: a console block begins with a command: `$ …`")
    for start, end in pairwise([*starts, len(lines)]):
        command, rest = [lines[start][2:]], lines[start + 1 : end]
        while rest and (rest[0].startswith("> ") or command[-1].endswith("\\")):
            command.append(rest.pop(0).removeprefix("> "))
        yield block.line + start, "\n".join(command), "".join(f"{line}\n" for line in rest).strip("\n")


def resembles(output: str, expected: str) -> bool:
    """Whether an output is what a document shows. There, `…` or `...` stands for anything, on a line of its own for any
    number of lines."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() in ("…", "..."):
            pattern += r"(?:.*\n)*?"
        else:
            pattern += re.sub(r"…|\\\.\\\.\\\.", ".*", re.escape(line.rstrip())) + r"[ \t]*\n"
    return re.fullmatch(pattern, f"{output}\n") is not None


def _until(fence: str, lines: Iterator[tuple[int, str]]) -> Iterator[str | None]:
    """The lines up to the closing fence, then None; without it there is no None."""
    for _, line in lines:
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            yield None
            return
        yield line


def _block(
    document: Path, line: int, language: str, words: tuple[str, ...], text: str, comments: dict[str, str]
) -> Block:
    if comments.keys() - {"file", "not run"} or not all(comments.values()):
        said = ", ".join(sorted(comments))
        raise ExampleError(
            f"{document}:{line}: above a block one may say `file: NAME` or `not run: REASON`, not {said!r}"
        )
    return Block(document, line, language, words, text, comments.get("file", ""), comments.get("not run", ""))
