from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from registrations import tickets


def test_a_code_has_the_form_that_keeps_its_symbol_small():
    code = tickets.new_code()

    assert len(code) == 29
    assert tickets.is_valid(code)
    assert len(tickets.qr_matrix(code)) == 25  # version 2


def test_codes_differ():
    assert len({tickets.new_code() for _ in range(1000)}) == 1000


@given(st.integers(1, 26), st.integers(1, 30))
def test_one_wrong_letter_or_digit_shows(position, shift):
    code = tickets.new_code()
    kind = "0123456789" if code[position].isdigit() else tickets.ALPHABET[10:]
    wrong = kind[(kind.index(code[position]) + shift) % len(kind)]
    damaged = code[:position] + wrong + code[position + 1 :]

    assert tickets.is_valid(damaged) == (damaged == code)


@pytest.mark.parametrize("typed", ["", "Y", "hello", "https://example.org/", "Y" * 29, "1234567"])
def test_what_is_no_code_is_none(typed):
    assert tickets.read_code(typed) == ""


def test_case_and_spaces_do_not_matter():
    code = tickets.new_code()

    assert tickets.read_code(f" {code[:10].lower()} {code[10:]}\n") == code


@given(st.integers(0, 6), st.integers(1, 9))
def test_a_number_with_one_wrong_digit_shows(position, shift):
    number = tickets.new_number()
    wrong = str((int(number[position]) + shift) % 10)

    assert tickets.read_number(number[:position] + wrong + number[position + 1 :]) == ""


def test_a_number_is_read_as_it_is_said():
    number = tickets.new_number()

    assert tickets.read_number(f"{number[:4]} {number[4:]}") == number


def test_the_picture_of_a_mail_is_read_back():
    code = tickets.new_code()

    picture = Image.open(BytesIO(tickets.enclosure({"ticket_code": code}).content))

    assert [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))] == [code]


def test_the_path_of_a_page_draws_the_same_symbol():
    code = tickets.new_code()
    side, path = tickets.qr_svg_path(code)

    dark = sum(length for _x, _y, length in tickets.qr_runs(code))

    assert side == 33
    assert dark == sum(map(sum, tickets.qr_matrix(code)))
    assert path.count("M") == len(list(tickets.qr_runs(code)))
