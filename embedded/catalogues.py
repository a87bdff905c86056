"""Message catalogues made readable for gettext, without gettext's tools."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_all(root: Path) -> int:
    """Write the .mo beside each .po that is newer; return how many were written."""
    written = 0
    for po in root.glob("*/locale/*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source)
        with mo.open("wb") as target:
            write_mo(target, catalogue)
        written += 1
    return written


if __name__ == "__main__":
    compile_all(Path(__file__).resolve().parent.parent)
