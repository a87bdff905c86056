import hashlib
import json

import pytest

from badges import outlines, typefaces

VENDORED = json.loads((typefaces.FOLDER / "vendor.json").read_text(encoding="utf-8"))
KAZAKH_TATAR = "ӘәҒғҚқҢңӨөҰұҮүҺһІіҖҗ"
RARE_CYRILLIC = "ӐӒӖӜӞӢӤӦӪӰӲӴӸҪҮҘҠҤԤӃӇ"


@pytest.mark.parametrize("font", VENDORED, ids=lambda font: font["file"])
def test_a_vendored_font_is_the_one_that_was_reviewed(font):
    data = (typefaces.FOLDER / font["file"]).read_bytes()

    assert hashlib.sha256(data).hexdigest() == font["sha256"]
    assert "SIL OPEN FONT LICENSE" in (typefaces.FOLDER / font["licence_file"]).read_text()


def test_every_vendored_file_is_listed():
    listed = {font["file"] for font in VENDORED}

    assert {path.name for path in typefaces.FOLDER.glob("*.ttf")} == listed


@pytest.mark.parametrize(
    "text",
    ["Нұрсұлтан Әлішер", "Салават Хәбибуллин", "Łukasz Żółć", "Ñandú", "О’Коннор", KAZAKH_TATAR],
)
def test_golos_prints_most_names_itself(text):
    assert typefaces.for_text(text).name == "GolosText-Regular"


@pytest.mark.parametrize("text", ["Nguyễn Thị Minh Khai", "ʻOkina Lani", RARE_CYRILLIC, "Ελένη"])
def test_a_line_with_a_rarer_letter_is_set_in_noto_as_a_whole(text):
    assert typefaces.for_text(text, bold=True).name == "NotoSans-Bold"
    assert typefaces.missing(text) == []


@pytest.mark.parametrize("text", ["李 伟", "לוי דניאל", "محمد", "ภูมิ"])
def test_letters_of_other_scripts_are_detected(text):
    assert typefaces.missing(text) == list(dict.fromkeys(text.replace(" ", "")))


def test_both_weights_have_the_same_letters():
    for family in "GolosText", "NotoSans":
        regular, bold = (typefaces.typeface(f"{family}-{w}") for w in ("Regular", "Bold"))
        assert regular.letters == bold.letters


def test_a_letter_no_font_has_weighs_what_its_box_weighs():
    face = typefaces.typeface("GolosText-Regular")

    assert face.width("李", 10) == face.width("李", 1) * 10 > 0


def test_a_composite_letter_has_the_outline_of_its_parts():
    plain, dotted = (outlines.path("GolosText-Regular", letter) for letter in "ЕЁ")

    assert dotted.count("Z") == plain.count("Z") + 2
    assert outlines.path("GolosText-Regular", " ") == ""
