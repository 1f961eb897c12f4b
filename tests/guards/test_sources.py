"""What every source file keeps to."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "afterclose"
APPS = sorted(path.parent for path in SOURCE.glob("*/apps.py"))
TEMPLATES = sorted(SOURCE.glob("**/templates/**/*.html"))
MOST_LINES = 450
# Mails have no stylesheet of ours: clients want styles in the tags.
IS_MAIL = re.compile(r"/mail/|/email/|mail\.html$")


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    files = [
        file
        for folder in ("src", "tests", "bench", "bin")
        for file in (ROOT / folder).glob("**/*.py")
        if "migrations" not in file.parts
    ]
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for f in files}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)
def test_every_app_says_what_it_owns_reads_and_announces(app: Path) -> None:
    text = ast.get_docstring(ast.parse((app / "__init__.py").read_text())) or ""
    if app.name == "ui":
        return  # owns no tables
    for word in ("Owns:", "Reads:", "Announces:"):
        assert word.lower() in text.lower(), f"{app.name}/__init__.py does not say “{word}”"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: str(t.relative_to(SOURCE)))
def test_templates_hold_no_code_and_no_styles(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", template.read_text())
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"'{]", text), "event handlers belong into modules"
    assert not re.search(r"\bhx-on\b|hx-vals=['\"]js:|javascript:", text), "evaluates text"
    if not IS_MAIL.search(template.as_posix()):
        assert not re.search(r"<style|\sstyle\s*=", text), "styles belong into css files"


def test_no_signals_and_nothing_left_to_do() -> None:
    found = []
    for file in SOURCE.glob("**/*.py"):
        text = file.read_text()
        if re.search(r"django\.(db\.models|core)\.signals|from django\.dispatch", text):
            found.append(f"{file.relative_to(ROOT)}: signals")
        if re.search(r"\b(TODO|FIXME)\b|coming soon", text):
            found.append(f"{file.relative_to(ROOT)}: left to do")
    assert found == []


def test_nothing_names_this_machine() -> None:
    """Addresses of registries and absolute paths of a developer do not belong into the repo."""
    files = [*ROOT.glob("requirements/*"), ROOT / "package-lock.json", ROOT / "pyproject.toml"]
    for file in files:
        text = file.read_text()
        assert "--index-url" not in text
        assert '"resolved"' not in text
        assert "/work/" not in text


def test_forms_judge_numbers_in_one_way() -> None:
    """Django's own fields take 1_000, 1e5 and the digits of any script; ours do not."""
    pattern = re.compile(r"forms\.(Integer|Decimal|Float)Field\(")
    allowed = {SOURCE / "ui/forms.py"}
    found = [
        str(path)
        for path in SOURCE.rglob("*.py")
        if path not in allowed and pattern.search(path.read_text())
    ]
    assert not found, f"Use NumberField or WholeField of ui.forms: {found}"
