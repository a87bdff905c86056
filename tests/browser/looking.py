"""
./look: every page in every state, drawn by Chromium into contact sheets under var/look/.

Brings its own libraries and database as ./check does, then hands over to contact_sheets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded import bootstrap, engines, rootless
from embedded.bootstrap import ROOT, Stopped


def main() -> None:
    try:
        bootstrap.continue_inside("tests.browser.looking", sys.argv[1:], pins=bootstrap.DEV)
        if url := os.environ.get("TEST_DATABASE_URL"):
            raise SystemExit(_draw(url))
        raise SystemExit(_draw_with_own_engine())
    except Stopped as stopped:
        bootstrap.fail(stopped)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _draw_with_own_engine() -> int:
    home = Path(tempfile.mkdtemp(prefix="yavka-look-"))
    engine = engines.postgresql(home / "postgresql", durable=False)
    process = engine.start()
    try:
        engine.wait_until_ready(process)
        return _draw(engine.url)
    finally:
        engine.stop(process)
        rootless.discard(home / "postgresql")
        shutil.rmtree(home, ignore_errors=True)


def _draw(database_url: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.browser.contact_sheets", *sys.argv[1:]],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        check=False,
    ).returncode


if __name__ == "__main__":
    main()
