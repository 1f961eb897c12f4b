"""Secrets at rest: readable with the site's key, after a rotation, and not otherwise."""

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.encryption import NotReadable, decrypt, encrypt, renewed


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_was_encrypted_comes_back(text):
    stored = encrypt(text, purpose="test.a")
    assert decrypt(stored, purpose="test.a") == text
    assert stored.isascii()


def test_the_text_is_not_in_what_is_stored_and_twice_is_not_the_same():
    first, second = (encrypt("whsec_abcdefgh", purpose="test.a") for _ in range(2))
    assert first != second
    assert "abcdefgh" not in first


def test_another_purpose_cannot_read_it():
    stored = encrypt("secret", purpose="test.a")
    with pytest.raises(NotReadable):
        decrypt(stored, purpose="test.b")


@pytest.mark.parametrize("position", [0, 20, -5])
def test_a_changed_text_is_refused(position):
    stored = list(encrypt("secret", purpose="test.a"))
    stored[position] = "A" if stored[position] != "A" else "B"
    with pytest.raises(NotReadable):
        decrypt("".join(stored), purpose="test.a")


def test_the_key_can_be_rotated_and_the_old_one_can_go(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old" * 20, []
    stored = encrypt("secret", purpose="test.a")
    assert renewed(stored, purpose="test.a") is None

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    assert decrypt(stored, purpose="test.a") == "secret"
    again = renewed(stored, purpose="test.a")
    assert again is not None

    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt(again, purpose="test.a") == "secret"
    with pytest.raises(NotReadable, match="SECRET_KEY_FALLBACKS"):
        decrypt(stored, purpose="test.a")
