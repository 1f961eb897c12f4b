"""Takes out of a style sheet what no page can use: rules of unknown classes, unread properties.

Tabler's sheet is 635 KB and our pages use a tenth of it; the browser would read all of it before
it draws anything, and look through it at each change of the page. tinycss2 reads the sheet; here is
only what may stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

import tinycss2
from tinycss2 import ast

# Words of templates, scripts and Python, which are not style sheets.
_NAME = re.compile(r"-?[A-Za-z_][\w-]*")
_OPEN_END = re.compile(r"([A-Za-z][\w-]*-)(?=[\"'`{$])")
_PROPERTY = re.compile(r"--[\w-]+")
_GROUPS = frozenset({"media", "supports", "layer", "container"})
_KEYFRAMES = frozenset({"keyframes", "-webkit-keyframes"})


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
    A rule stays when in doubt: what stands in `:not()` and its like is not looked at. What is no
    CSS is left out, as browsers do.
    """
    nodes = tinycss2.parse_stylesheet(css, skip_whitespace=True)
    parts = list(_parts(nodes, known))
    outside = {name for text in also_read for name in _PROPERTY.findall(text)}
    declared = [one for part in parts for one in part.all()]
    while True:
        read = outside.union(*(one.reads for one in declared))
        fewer = [one for one in declared if not one.property or one.property in read]
        if len(fewer) == len(declared):
            break
        declared = fewer
    moving = {word for one in declared for word in one.animations}
    return "".join(part.text(read, moving) for part in parts)


@dataclass(frozen=True, slots=True)
class _Declared:
    """A declaration: its text, the custom property that it sets and those that it reads, and the
    animations that it names."""

    text: str
    property: str = ""
    reads: Set[str] = frozenset()
    animations: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Part:
    """A rule, or a group of them with the same condition; `head` is what stands before the brace.

    Neither has a text once nothing is left in it. With a `kept` it stays as it is; `frames` is
    the name of the animation that it draws.
    """

    head: str = ""
    declared: Sequence[_Declared] = ()
    inner: Sequence[_Part] = ()
    kept: _Declared | None = None
    frames: str = ""

    def all(self) -> Iterator[_Declared]:
        """Everything in it that reads or sets a property."""
        yield from self.declared
        if self.kept is not None:
            yield self.kept
        for part in self.inner:
            yield from part.all()

    def text(self, read: Set[str], moving: Set[str]) -> str:
        """What is left of it when only some properties are read and some animations move."""
        if self.kept is not None:
            return "" if self.frames and self.frames not in moving else self.kept.text
        body = "".join(part.text(read, moving) for part in self.inner) or ";".join(
            one.text for one in self.declared if not one.property or one.property in read
        )
        return f"{self.head}{{{body}}}" if body else ""


def _parts(nodes: Iterable[ast.Node], known: Vocabulary) -> Iterator[_Part]:
    for node in nodes:
        if isinstance(node, ast.Comment):
            if node.value.startswith("!"):  # a licence
                yield _Part(kept=_Declared(f"{node.serialize()}\n"))
        elif isinstance(node, ast.QualifiedRule):
            selectors = [one for one in _split(node.prelude) if _is_possible(one, known)]
            if selectors:
                head = ",".join(tinycss2.serialize(one).strip() for one in selectors)
                yield _Part(head, list(_declarations(node.content)))
        elif isinstance(node, ast.AtRule):
            yield _at_rule(node, known)


def _at_rule(node: ast.AtRule, known: Vocabulary) -> _Part:
    if node.lower_at_keyword in _GROUPS and node.content is not None:
        head = f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}".strip()
        rules = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
        return _Part(head, inner=list(_parts(rules, known)))
    is_moving = node.lower_at_keyword in _KEYFRAMES
    frames = tinycss2.serialize(node.prelude).strip() if is_moving else ""
    kept = _Declared(node.serialize(), reads=frozenset(_read_in(node.content or ())))
    return _Part(kept=kept, frames=frames)


def _is_possible(selector: Sequence[ast.Node], known: Vocabulary) -> bool:
    after_dot = False
    for node in selector:
        if isinstance(node, ast.SquareBracketsBlock):
            name = next((one.value for one in node.content if isinstance(one, ast.IdentToken)), "")
            of_us = name.startswith("data-") and not name.startswith("data-bs-")
            if of_us and name not in known.words:
                return False
        elif isinstance(node, ast.IdentToken) and after_dot and not known.knows(node.value):
            return False
        after_dot = _is(node, ".")
    return True


def _declarations(content: Iterable[ast.Node]) -> Iterator[_Declared]:
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if isinstance(node, ast.Declaration):
            values = node.value
            is_animation = node.lower_name.endswith(("animation", "animation-name"))
            yield _Declared(
                node.serialize(),
                node.name if node.name.startswith("--") else "",
                frozenset(_read_in(values)),
                frozenset(one.value for one in values if isinstance(one, ast.IdentToken))
                if is_animation
                else frozenset(),
            )


def _read_in(nodes: Iterable[ast.Node]) -> Iterator[str]:
    """The custom properties that are asked for by `var()`, at any depth."""
    for node in nodes:
        inside: Sequence[ast.Node] = getattr(node, "arguments", getattr(node, "content", ()))
        if isinstance(node, ast.FunctionBlock) and node.lower_name == "var":
            yield from (one.value for one in inside[:2] if isinstance(one, ast.IdentToken))
        yield from _read_in(inside)


def _split(nodes: Sequence[ast.Node]) -> Iterator[list[ast.Node]]:
    """The parts between commas of the outermost level."""
    part: list[ast.Node] = []
    for node in nodes:
        if _is(node, ","):
            yield part
            part = []
        else:
            part.append(node)
    yield part


def _is(node: ast.Node, character: str) -> bool:
    return isinstance(node, ast.LiteralToken) and node.value == character
