"""Which pieces a text must hold to be like another one."""

from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.trigrams import one_of, trigrams

LETTERS = st.text("abc é7-_", max_size=24)


def test_words_are_cut_as_postgresql_cuts_them() -> None:
    assert trigrams("Word") == ("  w", " wo", "wor", "ord", "rd ")
    assert trigrams("a-A") == ("  a", " a ")
    assert trigrams("ten, ten_") == ("  t", " te", "ten", "en ")
    assert trigrams(" -_% ") == ()


def test_whole_pieces_come_first_and_only_so_many_as_are_needed() -> None:
    assert one_of("umbrela", 0.6) == ("umb", "mbr", "bre", "rel")
    assert one_of("umbrela", 1) == ("umb",)
    assert one_of("", 0.4) == ()


@given(LETTERS, LETTERS, st.sampled_from([0.4, 0.6, 1.0]))
def test_whatever_is_so_like_holds_one(sought: str, text: str, least: float) -> None:
    threes = set(trigrams(sought))
    shared = len(threes & set(trigrams(text)))
    if threes and shared >= least * len(threes):
        assert any(piece in text.lower() for piece in one_of(sought, least))
