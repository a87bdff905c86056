"""
Ticket codes and their QR.

A code is "Y", 26 random characters of Crockford's base 32 (130 bits) and two check
digits (ISO 7064 MOD 97-10: one wrong letter or digit always shows, a letter read as a
digit in 98 of 99 cases): 29 characters, all of QR's alphanumeric mode, so that a
symbol of level Q stays at version 2. It holds no name and no address, and opens no page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from typing import Any

import zxingcpp
from PIL import Image
from stdnum import damm
from stdnum.iso7064 import mod_97_10

from notifications.enclosures import Enclosure

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "Y"
RANDOM_LENGTH = 26
LENGTH = len(PREFIX) + RANDOM_LENGTH + 2
QUIET_ZONE = 4  # modules, ISO/IEC 18004


def new_code() -> str:
    """A new ticket code. Unguessable: knowing others' codes does not help."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + mod_97_10.calc_check_digits(body)


def read_code(typed: str) -> str:
    """The code in what was scanned or typed: spaces and case do not matter. "" if it is none."""
    code = "".join(typed.split()).replace("-", "").upper()
    return code if is_valid(code) else ""


def is_valid(code: str) -> bool:
    """Whether it can be a code of ours: form and check digits, not whether it exists."""
    return (
        len(code) == LENGTH
        and code.startswith(PREFIX)
        and all(c in ALPHABET for c in code[1:])
        and mod_97_10.is_valid(code)
    )


def new_number() -> str:
    """Seven digits, the last by Damm's algorithm: one wrong or two swapped digits show."""
    body = f"{secrets.randbelow(1_000_000):06d}"
    return body + damm.calc_check_digit(body)


def read_number(typed: str) -> str:
    """The registration number in what was typed: "4821 705". "" if it is none."""
    digits = "".join(c for c in typed if c not in " -\u00a0")
    ok = len(digits) == 7 and digits.isascii() and digits.isdigit() and damm.is_valid(digits)
    return digits if ok else ""


def qr_matrix(code: str) -> list[list[bool]]:
    """The modules of the symbol without its quiet zone, row by row; True is dark."""
    symbol = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    pixels: Any = symbol.to_image(scale=1, add_quiet_zones=False)
    rows: Any = memoryview(pixels).tolist()
    return [[value == 0 for value in row] for row in rows]


def qr_runs(code: str) -> Iterator[tuple[int, int, int]]:
    """Horizontal runs of dark modules as (x, y, length): what a vector drawing needs."""
    for y, row in enumerate(qr_matrix(code)):
        x = 0
        for dark, modules in groupby(row):
            length = len(list(modules))
            if dark:
                yield x, y, length
            x += length


def qr_svg_path(code: str) -> tuple[int, str]:
    """Side length in modules with the quiet zone, and the `d` of one SVG path."""
    parts = [
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z"
        for x, y, length in qr_runs(code)
    ]
    return len(qr_matrix(code)) + 2 * QUIET_ZONE, "".join(parts)


def qr_png(code: str, *, scale: int = 8) -> bytes:
    """A black and white PNG with the quiet zone, `scale` pixels a module."""
    modules = qr_matrix(code)
    side = len(modules) + 2 * QUIET_ZONE
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    out = BytesIO()
    image.resize((side * scale, side * scale), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def enclosure(snapshot: dict[str, Any]) -> Enclosure:
    """The QR as an inline picture of a mail."""
    return Enclosure(
        filename="qr.png",
        content_type="image/png",
        content=qr_png(snapshot["ticket_code"]),
        inline_id="ticket",
    )
