"""Takes out of a style sheet what no page can use: rules of unknown classes, unread properties.

Tabler's sheet is 635 KB and our pages use a tenth of it; the browser would read all of it before
it draws anything, and look through it at each change of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass

# What a brace means nothing inside of, and what separates rules and declarations.
_PIECE = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|/\*.*?\*/|[(){};,]", re.DOTALL)
_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_DATA = re.compile(r"\[(data-(?!bs-)[\w-]+)")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
_PROPERTY = re.compile(r"^\s*(--[\w-]+)\s*:")
_ANIMATION = re.compile(r"animation(?:-name)?\s*:([^;}]*)")
_NAME = re.compile(r"-?[A-Za-z_][\w-]*")
_COMMENT = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")
_OPEN_END = re.compile(r"([A-Za-z][\w-]*-)(?=[\"'`{$])")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of templates and scripts, and the beginnings that they complete at run time."""

    words: Set[str]
    beginnings: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        """Whether an element may have this class."""
        return name in self.words or name.startswith(self.beginnings)


def vocabulary(
    marking: Iterable[str], naming: Iterable[str] = (), more: Iterable[str] = ()
) -> Vocabulary:
    """Every word of the texts, which is every class that they can name.

    In `marking` (templates and scripts) a class may be put together, in `naming` (Python) it is
    written as a whole; `more` are the classes that a library sets.
    """
    words: set[str] = set(more)
    beginnings: set[str] = set()
    for text in marking:
        words.update(_NAME.findall(text))
        beginnings.update(_OPEN_END.findall(text))
    for text in naming:
        words.update(_NAME.findall(text))
    return Vocabulary(words, tuple(sorted(beginnings)))


def trimmed(css: str, known: Vocabulary, also_read: Iterable[str] = ()) -> str:
    """The sheet without rules whose classes nobody has and without properties that nobody reads.

    `also_read` are texts (our own sheets and scripts) that read custom properties of this one.
    A rule stays when in doubt: what stands in `:not()` and its like is not looked at.
    """
    rules = _rules(_MAP.sub("", _COMMENT.sub("", css)), lambda one: _is_possible(one, known))
    outside = {name for text in also_read for name in re.findall(r"--[\w-]+", text)}
    while True:
        read = outside | set(_VARIABLE.findall(rules))
        fewer = _rules(rules, lambda _: True, read.__contains__)
        if fewer == rules:
            break
        rules = fewer
    moving = {word for found in _ANIMATION.findall(rules) for word in _NAME.findall(found)}
    return _without_keyframes(rules, moving)


def _is_possible(selector: str, known: Vocabulary) -> bool:
    if not all(name in known.words for name in _DATA.findall(selector)):
        return False
    bare = selector
    while (inner := re.sub(r":[\w-]+\([^()]*\)", "", bare)) != bare:
        bare = inner
    return all(known.knows(name.replace("\\", "")) for name in _CLASS.findall(bare))


def _without_keyframes(css: str, moving: Set[str]) -> str:
    return _walk(
        css, lambda head, body: "" if _frames(head) not in {None, *moving} else f"{head}{{{body}}}"
    )


def _frames(head: str) -> str | None:
    """The name after `@keyframes`, or None for everything else."""
    found = re.match(r"@(?:-webkit-)?keyframes\s+([\w-]+)", head)
    return found[1] if found else None


def _rules(
    css: str, may_stay: Callable[[str], bool], is_read: Callable[[str], bool] = lambda _: True
) -> str:
    """Every rule that has a selector and a declaration left; in groups such as @media too."""

    def kept(head: str, body: str) -> str:
        if head.startswith(("@media", "@supports", "@layer", "@container")):
            inner = _rules(body, may_stay, is_read)
            return f"{head}{{{inner}}}" if inner else ""
        if head.startswith("@"):
            return f"{head}{{{body}}}"
        selectors = [one for one in _split(head, ",") if may_stay(one)]
        declarations = [
            one
            for one in _split(body, ";")
            if one.strip() and ((name := _PROPERTY.match(one)) is None or is_read(name[1]))
        ]
        if not selectors or not declarations:
            return ""
        return f"{','.join(selectors)}{{{';'.join(declarations)}}}"

    return _walk(css, kept)


def _walk(css: str, kept: Callable[[str, str], str]) -> str:
    """The sheet with each `head{body}` of the outermost level answered by `kept`."""
    out: list[str] = []
    depth = start = opened = 0
    for piece in _PIECE.finditer(css):
        match piece[0]:
            case "{":
                if depth == 0:
                    opened = piece.start()
                depth += 1
            case "}":
                depth -= 1
                if depth == 0:
                    head = css[start:opened].strip()
                    out.append(kept(head, css[opened + 1 : piece.start()]))
                    start = piece.end()
            case ";" if depth == 0:
                out.append(css[start : piece.end()].strip())
                start = piece.end()
            case text if (
                depth == 0 and text.startswith("/*") and not css[start : piece.start()].strip()
            ):
                out.append(text + "\n")
                start = piece.end()
    return "".join(out)


def _split(text: str, by: str) -> list[str]:
    """The parts between separators that stand in no parentheses, strings or comments."""
    parts: list[str] = []
    depth = start = 0
    for piece in _PIECE.finditer(text):
        if piece[0] == "(":
            depth += 1
        elif piece[0] == ")":
            depth -= 1
        elif piece[0] == by and depth == 0:
            parts.append(text[start : piece.start()])
            start = piece.end()
    return [*parts, text[start:]]
