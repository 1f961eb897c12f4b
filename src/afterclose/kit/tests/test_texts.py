"""Text for one line has nothing in it that is not seen."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.texts import one_line


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Call Acme", "Call Acme"),
        ("  Call \t Acme\r\nBcc: x@evil.example ", "Call Acme Bcc: x@evil.example"),
        ("Pay \u202egpj.exe", "Pay gpj.exe"),
        ("\u2066left\u2069 \u200fright", "left right"),
        ("nul\x00 bell\x07", "nul bell"),
        ("line\u2028separator", "line separator"),
        ("zero\u200bwidth, \ufeffmark, soft\u00adhyphen", "zerowidth, mark, softhyphen"),
        ("שלום Zoë 山田", "שלום Zoë 山田"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\u202e\u200b", ""),
    ],
)
def test_what_is_not_seen_is_taken_out(typed: str, said: str) -> None:
    assert one_line(typed) == said


@given(st.text())
def test_a_line_is_one_line_and_stays_as_it_is(typed: str) -> None:
    line = one_line(typed)
    assert one_line(line) == line == line.strip()
    assert line.splitlines() in ([], [line])
    assert not {unicodedata.category(each) for each in line} & {"Cc", "Cs", "Zl", "Zp"}
