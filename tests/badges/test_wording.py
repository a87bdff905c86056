import pytest

from badges.wording import quoted, short_organization


@pytest.mark.parametrize(
    ("typed", "short"),
    [
        ("ООО «Ромашка»", "«Ромашка»"),
        ('ООО "Ромашка"', "«Ромашка»"),
        ("Общество с ограниченной ответственностью «Ромашка»", "«Ромашка»"),
        ("ГБУ РЦ «Парк-Центр (демо)»", "РЦ «Парк-Центр (демо)»"),
        ("Industrial Park Zarechny (demo) LLC", "Industrial Park Zarechny (demo)"),
        ("Zarechny Park, Ltd.", "Zarechny Park"),
        ("«Акционерное общество „Северный берег“»", "«Северный берег»"),
        (
            "«Акционерное общество „Управляющая компания особой экономической зоны "
            "промышленно-производственного типа „Северный берег (демо)“»",
            "Управляющая компания особой экономической зоны "
            "промышленно-производственного типа „Северный берег (демо)“",
        ),
        ("Министерство экономического развития", "Министерство экономического развития"),
        ("АО", "АО"),
        ("ИП Иванов", "Иванов"),
        ("Аорта", "Аорта"),
        ("", ""),
    ],
)
def test_a_typed_organization_is_shortened(typed, short):
    assert short_organization(typed) == short


def test_the_innermost_quotation_names_a_long_organization():
    assert quoted("Управляющая компания „ОЭЗ „Северный берег (демо)“") == "«Северный берег (демо)»"
    assert quoted("Министерство") == ""
