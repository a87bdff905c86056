from io import BytesIO

import pikepdf
import pypdfium2

from badges import joining, pdf, rendering
from tests.badges.people import named


def part(*families, title="Бейджи"):
    out = BytesIO()
    document = pdf.Document(out, title=title, language="ru", size=rendering.A4)
    for family in families:
        rendering.add_sheet(document, [named(family, "")])
    document.save()
    return out


def joined(*parts):
    out = BytesIO()
    joining.join(out, parts)
    return out.getvalue()


def test_pages_keep_their_order_and_their_letters():
    whole = pypdfium2.PdfDocument(joined(part("Иванов", "Щукин"), part("Nguyễn"), part("Әлішер")))

    texts = [page.get_textpage().get_text_bounded() for page in whole]
    whole.close()

    names = ["Иванов", "Щукин", "Nguyễn", "Әлішер"]
    assert [[name for name in names if name in text] for text in texts] == [[n] for n in names]


def test_the_same_parts_give_the_same_bytes():
    assert joined(part("Иванов"), part("Щукин")) == joined(part("Иванов"), part("Щукин"))


def test_fonts_with_other_letters_have_other_names_and_are_embedded():
    with pikepdf.open(BytesIO(joined(part("Иванов"), part("Щукин"), part("Юй")))) as whole:
        fonts = [o for o in whole.objects if isinstance(o, pikepdf.Dictionary)]
        fonts = [font for font in fonts if font.get("/Type") == "/Font"]
        names = [str(font.BaseFont) for font in fonts]

        assert len(set(names)) == len(names) == 6
        assert all("/FontFile2" in font.FontDescriptor for font in fonts)
        assert all(font.FontDescriptor.FontName == font.BaseFont for font in fonts)


def test_the_whole_tells_title_language_and_not_to_scale():
    with pikepdf.open(BytesIO(joined(part("Иванов", title="Съезд"), part("Щукин")))) as whole:
        assert whole.docinfo["/Title"] == "Съезд"
        assert whole.Root.Lang == "ru"
        assert whole.Root.ViewerPreferences.PrintScaling == "/None"
        assert whole.Root.ViewerPreferences.DisplayDocTitle == True  # noqa: E712 -- an object
