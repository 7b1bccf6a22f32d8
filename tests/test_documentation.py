"""Every example in README and docs is executed, and every link within the repository leads somewhere."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.markdown import anchors_of, links_of
from tests.harness.warm import warm_interpreter
from tests.harness.workspace import environment_of

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = sorted(
    str(path.relative_to(REPOSITORY))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in REPOSITORY.glob(pattern)
)


#: Each of its commands is started as a reader starts it; those of the others are forked by a warm interpreter.
COLD = "README.md"


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of an interpreter that has imported what verbs need."""
    folder = tmp_path_factory.mktemp("warm")
    with warm_interpreter(folder, environment_of(folder)) as path:
        yield path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_do_what_the_document_says(document: str, request: pytest.FixtureRequest) -> None:
    command = [sys.executable, "-m", "tests.harness.examples", document]
    if document != COLD:
        command.append(str(request.getfixturevalue("warm")))
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.fail(run.stdout + run.stderr, pytrace=False)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_within_the_repository_lead_somewhere(document: str) -> None:
    path = REPOSITORY / document
    for target in links_of(path.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name) if name else path
        assert linked.exists(), f"{document} links to {target}"
        if anchor:
            assert anchor in anchors_of(linked.read_text(encoding="utf-8")), f"{document} links to {target}"
