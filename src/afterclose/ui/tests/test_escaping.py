"""Our quick escaping gives what Django's gives."""

import pytest
from django.utils import html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from hypothesis import given, strategies as st

from afterclose.ui import escaping
from afterclose.ui.tags.words import icon, stage

texts = st.text(alphabet=st.sampled_from("<>&\"'{}aé\u2028"), max_size=12)
values = st.one_of(texts, texts.map(SafeString), st.integers(), st.none(), st.floats())


@given(values, values)
def test_what_is_escaped_is_what_django_escapes(first, second):
    text = '<b title="{}">{}</b>'
    assert escaping.escape(first) == html.conditional_escape(first)
    written = escaping.format_html(text, first, second)
    assert written == html.format_html(text, first, second)
    assert isinstance(written, SafeString)


@given(texts, st.lists(st.tuples(values, values), max_size=4))
def test_what_is_joined_is_what_django_joins(between, rows):
    written = escaping.format_html_join(between, "<i>{}</i>{}", rows)
    assert written == html.format_html_join(between, "<i>{}</i>{}", rows)
    assert isinstance(written, SafeString)


def test_lazy_and_safe_texts_are_told_apart():
    assert escaping.escape(gettext_lazy("a < b")) == "a &lt; b"
    assert escaping.escape(SafeString("<br>")) == "<br>"


@pytest.mark.parametrize("draw", [lambda text: icon("check", text), lambda text: stage(text, 1, 2)])
def test_words_are_escaped_once(draw):
    assert "R&amp;D" in draw("R&D")
    assert "R&amp;D" in draw(SafeString("R&amp;D"))
