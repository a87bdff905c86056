"""The meeting page and the form: how often a second, and how heavy, against a view of one word."""

from __future__ import annotations

import argparse
import http.client
import re

import benchmarks
from benchmarks import serving
from benchmarks.registration import fill

ROUNDS = 3
# Goes through the whole middleware and does nothing there: the least a page can take.
NOTHING = "/healthz"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small run")
    seconds = 1.0 if options.parse_args().quick else 5.0
    with benchmarks.own_database():
        slug = fill()[0]
        with serving.server() as port:
            compare(port, {"meeting": f"/m/{slug}/", "form": f"/m/{slug}/register/"}, seconds)


def compare(port: int, pages: dict[str, str], seconds: float) -> None:
    rates: dict[str, list[float]] = {name: [] for name in (*pages, "nothing")}
    for turn in range(ROUNDS + 1):
        for name, path in (pages | {"nothing": NOTHING}).items():
            rates[name].append(serving.timed(seconds, lambda path=path: Reader(port, path))[0])
        if turn == 0:  # the first round warms processes and caches
            rates = {name: [] for name in rates}
    goals = {"meeting": 0.35}
    for name, path in pages.items():
        benchmarks.report(
            f"page.{name}", rates[name], "/s", floor=rates["nothing"], goal_of_floor=goals.get(name)
        )
        page, parts = weight(port, path)
        total = (page + parts) / 1000
        benchmarks.report(f"page.{name}_weight", [total], "kB", goal=60, less_is_better=True)


class Reader:
    """Somebody who opens the page again and again."""

    def __init__(self, port: int, path: str) -> None:
        self.http, self.path = serving.Http(port), path

    def call(self) -> None:
        self.http.ask(f"GET {self.path} HTTP/1.1\r\nAccept-Language: ru")

    def close(self) -> None:
        self.http.close()


def weight(port: int, path: str) -> tuple[int, int]:
    """Bytes of bodies on the wire: the page, and all it names from /static/ but fonts."""
    page = fetch(port, path)
    words = fetch(port, path, encoding="identity").decode()
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg|png|webp|ico))"', words))
    for script in [each for each in named if each.endswith(".js")]:
        imports = re.findall(rb'from "\./([^"]+)"', fetch(port, script, encoding="identity"))
        named |= {f"{script.rpartition('/')[0]}/{name.decode()}" for name in imports}
    return len(page), sum(len(fetch(port, each)) for each in named)


def fetch(port: int, path: str, *, encoding: str = "gzip, br") -> bytes:
    """:raises RuntimeError: it is not there"""
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("GET", path, headers={"Accept-Encoding": encoding, "Accept-Language": "ru"})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return body


if __name__ == "__main__":
    main()
