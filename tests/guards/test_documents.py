"""Documents name files, modules and commands that exist."""

import re
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# The changelog tells of what was; it may name what is gone.
LIVING = [file for file in DOCUMENTS if file.name != "CHANGELOG.md"]
TOP = ("src/", "tests/", "docs/", "bin/", "bench/", "requirements/", ".ci/", "conftest.py")
MADE_WHEN_RUNNING = ("docs/screens", "bench/results")


def paths_in(text: str) -> set[str]:
    """What stands in backquotes and looks like a path of ours; placeholders are none."""
    found = set()
    for quoted in re.findall(r"`([^`\n]+)`", text):
        word = quoted.split()[0].rstrip(",.;:") if quoted.split() else ""
        word = word.split("::")[0].split("#")[0]
        if word.startswith(TOP) and not re.search(r"[<>*{}…$]|NNNN", word):
            found.add(re.sub(r":\d+(-\d+)?$", "", word))
    return found


@pytest.mark.parametrize("document", LIVING, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    missing = {
        path
        for path in paths_in(document.read_text())
        if not (ROOT / path).exists() and not path.startswith(MADE_WHEN_RUNNING)
    }
    assert missing == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    broken = set()
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        path = target.split("#")[0]
        if path and not re.match(r"[a-z]+:", path) and not (document.parent / path).exists():
            broken.add(target)
    assert broken == set()


@pytest.mark.parametrize("document", LIVING, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_module_that_a_document_names_exists(document: Path) -> None:
    missing = set()
    for dotted in re.findall(r"`(afterclose(?:\.\w+)+)", document.read_text()):
        parts = dotted.split(".")
        # The last parts may be a class and its attribute.
        if not any(
            (ROOT / "src" / Path(*parts[:length])).is_dir()
            or (ROOT / "src" / Path(*parts[:length])).with_suffix(".py").exists()
            for length in range(len(parts), max(1, len(parts) - 2) - 1, -1)
        ):
            missing.add(dotted)
    assert missing == set()


def requirements() -> dict[str, list[str]]:
    """What each row of the requirements quotes in backquotes, by the row's number."""
    text = (ROOT / "docs" / "requirements.md").read_text()
    rows = (line.split("|") for line in text.splitlines() if re.match(r"\| [A-Z]{2}-\d+ \|", line))
    return {
        cells[1].strip(): re.findall(r"`([^`]+)`", "|".join(cells[2:]))
        for cells in rows
        if cells[3].strip() != "not yet"
    }


@pytest.mark.parametrize(("row", "quoted"), requirements().items())
def test_what_a_row_of_the_requirements_names_exists(row: str, quoted: list[str]) -> None:
    """Files and folders from `src/afterclose/` or from the top, a bare file in a folder that the
    row named before, addresses of pages."""
    source = ROOT / "src" / "afterclose"
    folders = [ROOT, source]
    missing = set()
    for word in quoted:
        if word.startswith("/"):
            try:
                resolve(word)
            except Resolver404:
                missing.add(word)
        elif "/" in word or word.endswith(".py"):
            found = [folder / word for folder in folders if (folder / word).exists()]
            missing |= set() if found else {word}
            folders += [each if each.is_dir() else each.parent for each in found]
    assert missing == set()
