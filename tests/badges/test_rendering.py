from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import pypdfium2
import pytest
import zxingcpp

from badges import pdf, rendering
from badges.drawing import MM
from registrations import tickets
from tests.badges.people import CODE, NAMES, PLAIN, named

DPI = 150


def document(*badges, sheet=False):
    out = BytesIO()
    size = rendering.A4 if sheet else (rendering.WIDTH, rendering.HEIGHT)
    made = pdf.Document(out, title="Бейджи", language="ru", size=size)
    if sheet:
        for some in rendering.in_sheets(badges):
            rendering.add_sheet(made, some, footing="sheet 1 of 1")
    else:
        for badge in badges:
            rendering.add_single(made, badge)
    made.save()
    return out.getvalue()


def text_of(data, page=0):
    opened = pypdfium2.PdfDocument(data)
    try:
        # A hyphen at the end of a line is a mark of its own to pdfium.
        return opened[page].get_textpage().get_text_bounded().replace("\x02", "-")
    finally:
        opened.close()


def picture_of(data, page=0, dpi=DPI):
    opened = pypdfium2.PdfDocument(data)
    try:
        return opened[page].render(scale=dpi / 72).to_pil().convert("L")
    finally:
        opened.close()


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize(("family", "given"), NAMES, ids=lambda part: part[:20])
def test_a_name_is_printed_completely(family, given):
    text = squeezed(text_of(document(named(family, given))))

    assert squeezed(family + given) in text
    assert "□" not in text


@pytest.mark.parametrize(("family", "given"), NAMES, ids=lambda part: part[:20])
def test_a_name_leaves_no_ink_outside_of_its_box(family, given):
    bare = replace(PLAIN, latin="", code="", organization="", position="", region="")
    point = picture_of(document(replace(bare, family=".", given="")), dpi=300)
    name = picture_of(document(replace(bare, family=family, given=given)), dpi=300)

    differences = [a != b for a, b in zip(point.tobytes(), name.tobytes(), strict=True)]

    width, height = name.size
    inked = [divmod(n, width) for n, differs in enumerate(differences) if differs]
    per_point = 300 / 72
    left, right = min(x for _y, x in inked), max(x for _y, x in inked)
    top, low = min(y for y, _x in inked), max(y for y, _x in inked)
    assert left >= (rendering.MARGIN - 1.5) * per_point
    assert right <= (rendering.WIDTH - rendering.MARGIN + 1.5) * per_point
    assert height - top <= (rendering.NAMES_TOP + 1) * per_point
    assert height - low >= (rendering.QR_CLEAR - 1) * per_point


@pytest.mark.parametrize(("family", "given"), NAMES, ids=lambda part: part[:20])
def test_no_text_of_a_badge_runs_into_another_or_off_the_edge(family, given):
    long = replace(
        named(family, given),
        latin="Krasnoperekopskaia-Zabolotnaia " * 4,
        organization="Управляющая компания особой экономической зоны " * 4,
        position="Первый заместитель министра — директор департамента " * 4,
        region="Ханты-Мансийский автономный округ — Югра",
        category="Представители федеральных органов исполнительной власти",
    )

    items = rendering.draw(long).items

    texts = [item for item in items if hasattr(item, "face")]
    for item in texts:
        end = item.x + item.face.width(item.text, item.size) + item.spacing * len(item.text)
        beside_code = item.y < rendering.QR_CLEAR - 0.5 * MM
        limit = rendering.MARGIN + rendering.NARROW if beside_code else rendering.WIDTH
        assert end <= limit + 0.01
        assert item.y - 0.25 * item.size >= 1.5 * MM
    column = sorted((t for t in texts if t.x == rendering.MARGIN), key=lambda t: t.y)
    for lower, upper in pairwise(column):
        assert upper.y - lower.y >= 0.72 * lower.size + 0.18 * upper.size


def test_what_gives_way_is_said():
    fine = rendering.draw(PLAIN)
    hard = rendering.draw(named("Ж" * 120, "Щ" * 120 + " " + "Ж" * 120))

    assert (fine.small, fine.broken, fine.cut) == ([], [], [])
    assert hard.broken == ["family"]
    assert hard.cut == ["given"]


def test_a_long_organization_is_named_by_what_stands_in_quotes():
    long = "Корпорация развития территорий и инфраструктуры " * 5 + "«Северный берег»"

    assert "«Северныйберег»" in squeezed(text_of(document(replace(PLAIN, organization=long))))
    assert "Корпорация" not in text_of(document(replace(PLAIN, organization=long)))


def test_a_badge_says_everything_it_should():
    text = text_of(document(PLAIN))

    for said in (
        "Иванов", "Иван Иванович", "Ivan Ivanov", "«Северный берег»", "Генеральный директор",
        "Калужская область", "УЧАСТНИК", "№ 4821 705", "Совещание индустриальных парков",
        "24 января 2020",
    ):  # fmt: skip
        assert said in text


def test_the_code_is_read_at_150_dpi_and_keeps_its_quiet_zone():
    image = picture_of(document(PLAIN))

    (found,) = zxingcpp.read_barcodes(image)

    assert found.text == CODE
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    module = rendering.QR_SIDE / 25
    clear = 4 * module
    x, y = rendering.WIDTH - rendering.MARGIN - rendering.QR_SIDE, 3.4 * MM
    scale = DPI / 72
    box = [
        (x - clear) * scale + 1,
        image.height - (y + rendering.QR_SIDE + clear) * scale + 1,
        (x + rendering.QR_SIDE + clear) * scale - 1,
        image.height - max(0, y - clear) * scale - 1,
    ]
    zone = image.crop([round(v) for v in box])
    inner = round(clear * scale) - 2
    edges = [
        zone.crop((0, 0, zone.width, inner)),
        zone.crop((0, 0, inner, zone.height)),
        zone.crop((zone.width - inner, 0, zone.width, zone.height)),
        zone.crop((0, zone.height - inner, zone.width, zone.height)),
    ]
    assert all(edge.getextrema() == (255, 255) for edge in edges)
    assert rendering.QR_SIDE >= 20 * MM


def test_every_code_of_a_sheet_is_read_at_150_dpi():
    codes = [tickets.new_code() for _ in range(10)]
    badges = [replace(PLAIN, code=code) for code in codes]

    found = zxingcpp.read_barcodes(picture_of(document(*badges, sheet=True)))

    assert {barcode.text for barcode in found} == set(codes)


def test_the_symbol_has_level_q():
    symbol = zxingcpp.read_barcodes(picture_of(document(PLAIN), dpi=300))[0]

    assert symbol.ec_level == "Q"


@pytest.mark.parametrize(("people", "pages"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_ten_badges_stand_on_a_sheet(people, pages):
    opened = pypdfium2.PdfDocument(document(*[PLAIN] * people, sheet=True))

    assert len(opened) == pages
    assert opened[0].get_size() == pytest.approx((595.28, 841.89), abs=0.01)
    opened.close()


def test_crop_marks_stand_outside_of_the_badges_at_every_cut():
    marks = rendering.crop_marks()

    assert len(marks) == 2 * (rendering.COLUMNS + 1) + 2 * (rendering.ROWS + 1)
    right = rendering.LEFT + rendering.COLUMNS * rendering.WIDTH
    top = rendering.BOTTOM + rendering.ROWS * rendering.HEIGHT
    for mark in marks:
        across = mark.x + mark.width < rendering.LEFT or mark.x > right
        along = mark.y + mark.height < rendering.BOTTOM or mark.y > top
        assert across or along
        assert 4 * MM <= mark.x <= rendering.A4[0] - 4 * MM
        assert 4 * MM <= mark.y <= rendering.A4[1] - 4 * MM


def test_crop_marks_are_printed():
    image = picture_of(document(PLAIN, sheet=True), dpi=300)
    x, y = rendering.LEFT, rendering.BOTTOM - rendering.MARK_GAP - rendering.MARK / 2
    spot = (round(x * 300 / 72), round(image.height - y * 300 / 72))

    around = image.crop((spot[0] - 4, spot[1] - 4, spot[0] + 4, spot[1] + 4))

    assert around.getextrema()[0] < 160


def test_the_same_badges_give_the_same_bytes():
    assert document(PLAIN, named(*NAMES[0]), sheet=True) == document(
        PLAIN, named(*NAMES[0]), sheet=True
    )


def test_a_hundred_badges_take_less_than_two_kilobytes_each():
    people = [named(*NAMES[n % 20]) for n in range(100)]

    assert len(document(*people, sheet=True)) / 100 < 2000


@pytest.mark.parametrize("colour", rendering.COLOURS)
def test_white_words_are_legible_on_every_colour(colour):
    def channel(value):
        part = value / 255
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(channel, rendering.COLOURS[colour])

    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_a_name_cannot_write_pdf():
    evil = named(") Tj ET Q /JavaScript (", "\\n<< >> endstream")

    assert "JavaScript" in text_of(document(evil))
    assert b"/JavaScript" not in document(evil)
