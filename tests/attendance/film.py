"""A film for Chromium's fake camera: Y4M, 4:2:0, written by hand."""

from io import BytesIO
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, RATE = 640, 480, 10


def write(path: Path, pictures: list[bytes | None], *, seconds: float = 3) -> Path:
    """Show each PNG (None: nothing) for so many seconds; Chromium plays it in a loop."""
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            frame = _frame(picture)
            for _n in range(int(seconds * RATE)):
                film.write(b"FRAME\n" + frame)
    return path


def _frame(picture: bytes | None) -> bytes:
    canvas = Image.new("L", (WIDTH, HEIGHT), 150)
    if picture is not None:
        code = Image.open(BytesIO(picture)).convert("L")
        side = HEIGHT * 2 // 3
        code = code.resize((side, side), Image.Resampling.NEAREST)
        canvas.paste(code, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
    grey = bytes([128]) * (WIDTH * HEIGHT // 4)
    return canvas.tobytes() + grey + grey
