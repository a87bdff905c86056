"""Every sentence is there in Russian: nothing empty, fuzzy, left over, or with other fields."""

import re
from functools import cache

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from django.utils.translation import gettext, ngettext

from config import catalogues

PO = """\
msgid ""
msgstr ""
"Language: ru\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
"n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"
"""


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house of its own, with one module; returns a function that writes its catalogue."""
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "HOUSES", ("shed",))
    code = tmp_path / "shed" / "spoken.py"
    code.parent.mkdir()
    code.write_text(
        '_("Hello %(name)s")\nngettext("%(n)d seat", "%(n)d seats", n)\npgettext("door", "Open")\n',
        encoding="utf-8",
    )
    templates = tmp_path / "shed" / "templates" / "shed"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text(
        "{% load i18n %}\n<p>{% translate 'A page' %}</p>\n   <ul>\n {# note #}"
        "{% blocktranslate trimmed %}\n  For {{ who }}\n  only\n{% endblocktranslate %}</ul>\n"
        "{{ thing|default:_('Nothing') }}\n",
        encoding="utf-8",
    )

    def write(text: str) -> None:
        file = catalogues.path("shed", "ru")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PO + text, encoding="utf-8")

    return write


GOOD = """
msgid "Hello %(name)s"
msgstr "Здравствуйте, %(name)s"

msgid "%(n)d seat"
msgid_plural "%(n)d seats"
msgstr[0] "%(n)d место"
msgstr[1] "%(n)d места"
msgstr[2] "%(n)d мест"

msgctxt "door"
msgid "Open"
msgstr "Открыта"

msgid "A page"
msgstr "Страница"

msgid "For %(who)s only"
msgstr "Только для %(who)s"

msgid "Nothing"
msgstr "Ничего"
"""


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_house_is_translated(language):
    assert catalogues.faults(language) == []


def test_a_complete_catalogue_has_no_fault(house):
    house(GOOD)

    assert catalogues.faults("ru") == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"Страница"', '""', "shed: empty: 'A page'"),
        ('msgid "A page"', '#, fuzzy\nmsgid "A page"', "shed: fuzzy: 'A page'"),
        ('"Страница"', '"A page"', "shed: untranslated: 'A page'"),
        ("Здравствуйте, %(name)s", "Здравствуйте", "placeholders differ: 'Hello %(name)s'"),
        ("%(n)d мест", "%(m)d мест", "placeholders differ: ('%(n)d seat', '%(n)d seats')"),
        ('msgstr[2] "%(n)d мест"', 'msgstr[2] ""', "empty: ('%(n)d seat', '%(n)d seats')"),
        ('msgid "Nothing"', 'msgid "Something"', "shed: obsolete: 'Something'"),
        ('msgid "Nothing"', 'msgid "Something"', "shed: empty: 'Nothing'"),
        ('"Страница"', '"<b>Страница</b>"', "tags differ: 'A page'"),
    ],
)
def test_a_fault_is_named(house, old, new, fault):
    house(GOOD.replace(old, new))

    assert any(fault in found for found in catalogues.faults("ru"))


def test_merging_keeps_what_is_translated_and_drops_what_is_gone(house):
    house(GOOD.replace('msgid "Nothing"', 'msgid "Something"'))

    assert catalogues.merge("shed", "ru")

    text = catalogues.path("shed", "ru").read_text(encoding="utf-8")
    assert "Здравствуйте, %(name)s" in text
    assert "Something" not in text
    assert 'msgid "Nothing"\nmsgstr ""' in text
    assert not catalogues.merge("shed", "ru")


def test_merging_begins_an_empty_catalogue(house):
    assert catalogues.merge("shed", "ru")

    assert len(catalogues.faults("ru")) == 6


def test_two_houses_may_not_say_one_thing_differently(house, monkeypatch):
    house(GOOD)
    barn = catalogues.ROOT / "barn"
    barn.mkdir()
    (barn / "spoken.py").write_text('_("A page")\n', encoding="utf-8")
    monkeypatch.setattr(catalogues, "HOUSES", ("shed", "barn"))
    catalogues.merge("barn", "ru")
    file = catalogues.path("barn", "ru")
    file.write_text(file.read_text().replace('"A page"\nmsgstr ""', '"A page"\nmsgstr "Лист"'))

    assert catalogues.faults("ru") == ["shed, barn: differ: 'A page'"]


def test_compiling_writes_what_is_stale_once(house):
    house(GOOD)

    written = catalogues.compile_stale()

    assert [file.name for file in written] == ["django.mo"]
    assert catalogues.compile_stale() == []


def test_the_command_fails_on_a_fault(house):
    house("")

    with pytest.raises(CommandError, match="ru: shed: empty: 'A page'"):
        call_command("catalogue", "--check")


def test_english_is_what_the_code_says():
    with translation.override("en"):
        assert gettext("registration page") == "registration page"
        assert ngettext("%(n)d seat", "%(n)d seats", 2) == "%(n)d seats"


@cache
def russian() -> list[tuple[str, str]]:
    """All that is said in Russian; the code is read for it once."""
    return [
        (house, text)
        for house in catalogues.HOUSES
        for message in catalogues._merged(house, "ru")
        if message.id
        for text in catalogues.targets(message)
    ]


@pytest.mark.parametrize(
    ("manner", "wrong"),
    [
        # A letter opens with one, by the rules of letters.
        ("no exclamation marks", r"^(?!Здравствуйте[^!]*!$).*!"),
        ("nobody reports success", r"(?i)успешно"),
        ("guillemets, not straight quotes", r'(?<![=\w])"(?![^<]*>)'),
        ("a dash is a dash", r"\s-\s"),
        ("вы in small letters inside a sentence", r"[а-яё,] (Вы|Вас|Вам|Ваш\w*)\b"),
        ("the words of the glossary", r"(?i)\b(ивент|тикет|юзер|атенди|чекин)"),
    ],
)
def test_russian_keeps_the_manner(manner, wrong):
    assert [said for said in russian() if re.search(wrong, said[1])] == []
