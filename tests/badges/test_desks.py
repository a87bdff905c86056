from badges.desks import split


def test_letters_are_shared_so_that_the_longest_queue_is_shortest():
    keys = ["а"] * 4 + ["б"] * 1 + ["в"] * 3 + ["г"] * 2 + ["я"] * 2

    stretches = split(keys, 3)

    assert [(s.desk, s.letters, s.start, s.stop) for s in stretches] == [
        (1, "А", 0, 4),
        (2, "Б–В", 4, 8),
        (3, "Г–Я", 8, 12),
    ]


def test_a_letter_is_never_torn_apart():
    assert [s.letters for s in split(["иванов"] * 9 + ["яковлев"], 4)] == ["И", "Я"]


def test_one_desk_has_everybody():
    (only,) = split(["абрамов", "щукин"], 1)

    assert (only.letters, only.start, only.stop) == ("А–Щ", 0, 2)


def test_nobody_needs_no_desk():
    assert split([], 3) == []
