"""./look is what looking takes: it works in an empty shell, and draws what it is asked for."""

import os
import subprocess
import sys

import pytest
from PIL import Image

from tests.running import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_pages_are_drawn_by_a_shell_that_knows_nothing_of_django(tmp_path):
    known = {name: os.environ[name] for name in ("PATH", "HOME")}
    ours = {"TEST_DATABASE_URL": os.environ["DATABASE_URL"], "YAVKA_VENV": sys.prefix,
            "YAVKA_PYTHON": sys.executable}  # fmt: skip
    done = subprocess.run(
        [ROOT / "look", "--language", "en", "--theme", "dark", "--width", "390",
         "--into", tmp_path, "register", "no-such-page"],
        env=known | ours, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    [sheet] = tmp_path.glob("*.png")
    with Image.open(sheet) as drawn:
        assert drawn.width > 300
        # Neither blank nor one colour.
        assert len(drawn.convert("L").resize((64, 64)).getcolors()) > 20
