from hypothesis import given, settings
from hypothesis import strategies as st

from badges.fitting import ELLIPSIS, Box, fit
from badges.typefaces import typeface

BOLD = typeface("GolosText-Bold")
NAME_BOX = Box(232, 32, 26, 6, lines=5, leading=1.08)
LETTERS = st.sampled_from("Жщыйiоа-‐'’ .АМW")


def length(text: str) -> float:
    return BOLD.width(text, 1)


def test_a_short_text_keeps_the_largest_size():
    assert fit("Ли", NAME_BOX, length) == fit("Ли", NAME_BOX, length, balanced=True)
    assert fit("Ли", NAME_BOX, length).size == 26


def test_only_what_needs_it_is_shrunk():
    assert fit("Красноперекопская-Заболотная", NAME_BOX, length).size < 16


def test_a_double_name_is_broken_after_its_hyphen():
    tall = Box(100, 60, 20, 6, lines=3)

    assert fit("Красноперекопская-Заболотная", tall, length, balanced=True).lines == (
        "Красноперекопская-",
        "Заболотная",
    )


def test_given_names_are_broken_between_rather_than_inside():
    narrow = Box(120, 40, 20, 6, lines=2)

    assert fit("Анастасия-Мария Владиславовна", narrow, length, balanced=True).lines == (
        "Анастасия-Мария",
        "Владиславовна",
    )


def test_one_word_without_a_break_is_cut_in_two_as_a_last_resort():
    fitted = fit("Ж" * 120, NAME_BOX, length, balanced=True)

    assert fitted.broken
    assert fitted.complete
    assert "".join(fitted.lines) == "Ж" * 120


def test_what_cannot_be_is_shortened_and_says_so():
    fitted = fit("Ж" * 120, Box(40, 8, 12, 6, lines=1), length)

    assert not fitted.complete
    assert fitted.lines[-1].endswith(ELLIPSIS)


@settings(max_examples=400, deadline=None)
@given(st.text(LETTERS, min_size=1, max_size=120).map(lambda t: " ".join(t.split()) or "Ж"))
def test_every_name_ends_inside_its_box_or_is_reported(name):
    for box in NAME_BOX, Box(160, 12, 9, 5, lines=3), Box(82, 16, 14, 7, lines=2):
        for balanced in True, False:
            fitted = fit(name, box, length, balanced=balanced)

            assert fitted.size <= box.largest
            assert fitted.size >= box.smallest
            assert len(fitted.lines) <= box.lines
            assert len(fitted.lines) * fitted.size * box.leading <= box.height * 1.001
            assert all(BOLD.width(line, fitted.size) <= box.width * 1.001 for line in fitted.lines)
            if fitted.complete:
                assert "".join("".join(fitted.lines).split()) == "".join(name.split())
