"""
Badges a second, kilobytes each, and memory as their number grows.

The product's side is a whole batch in a process of its own: claimed, read from the
database, laid out, stored in parts, joined. The floor writes as many sheets with nothing
on them but the same codes: what QR, compression and a file cost anybody. Seconds are
those of the processor, of which one process uses one: a busy machine changes them less.

    python -m benchmarks.badges [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import own_database, report, setup

FAMILIES = ["Иванов", "Соловьёва", "Красноперекопская-Заболотная", "Хәбибуллин", "Nguyễn", "Ли"]
ORGANIZATIONS = [
    "ООО «Индустриальный парк „Заречный“»",
    "Министерство промышленности и торговли Российской Федерации",
    "АО «Северный берег»",
    "Управляющая компания особой экономической зоны промышленно-производственного типа «Кедр»",
]
POSITIONS = ["Генеральный директор", "Начальник отдела инвестиций", "Заместитель министра", ""]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a small run")
    arguments.add_argument("--part", choices=["batch", "floor"], help="used by itself")
    arguments.add_argument("--count", type=int, default=0)
    chosen = arguments.parse_args()
    if chosen.part:
        setup()
        run = {"batch": make_batch, "floor": write_floor}[chosen.part]
        sys.stdout.write(json.dumps(run(chosen.count)))
        return
    few, many, times = (100, 400, 1) if chosen.quick else (1_000, 10_000, 3)
    with own_database(), tempfile.TemporaryDirectory() as var:
        os.environ["VAR_DIR"] = var
        fill(many)
        rates, floors, small, large, sizes = [], [], [], [], []
        for _ in range(times):
            made = in_a_process("batch", few)
            rates.append(few / made["seconds"])
            small.append(made["rss"])
            sizes.append(made["bytes"] / few / 1000)
            floors.append(few / in_a_process("floor", few)["seconds"])
        for _ in range(1 if chosen.quick else 2):
            made = in_a_process("batch", many)
            large.append(made["rss"])
            rates.append(many / made["seconds"])
        report("badges.one_process", rates, "badges/CPU-s", floor=floors, goal=400)
        report("badges.size", sizes, "kB each", goal=2, less_is_better=True)
        growth = [b / a for a, b in zip(small, large, strict=False)]
        sys.stdout.write(f"peak memory: {few} badges {small} MiB, {many} badges {large} MiB\n")
        report("badges.memory_10x", growth, "× RSS", goal=1.5, less_is_better=True)


def in_a_process(part: str, count: int) -> dict[str, float]:
    """Run one side in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.badges", "--part", part, "--count", str(count)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def fill(count: int) -> None:
    """One meeting with that many confirmed people."""
    from django.utils import timezone  # noqa: PLC0415 -- after setup

    from registrations import names, tickets  # noqa: PLC0415 -- after setup
    from registrations.models import Registration  # noqa: PLC0415 -- after setup
    from tests.factories import make_meeting  # noqa: PLC0415 -- after setup

    meeting = make_meeting(seat_limit=None)
    category, region = meeting.categories.first(), meeting.region_set.regions.first()
    now = timezone.now()

    def person(n: int) -> Any:
        letters = "".join("абвгдежзик"[int(digit)] for digit in f"{n:05d}")
        family = FAMILIES[n % len(FAMILIES)]
        given, patronymic = "Александр" + letters[:2], "Константинович"
        return Registration(
            number=f"{n:07d}", meeting=meeting, category=category, status="confirmed",
            source="public", family_name=family, given_name=given, patronymic=patronymic,
            latin_name=names.latin_name(family, given), email=f"p{n}@example.org",
            organization=ORGANIZATIONS[n % 4], organization_key=str(n % 4),
            position=POSITIONS[n % 4], region=region, language="ru", registered_at=now,
            status_changed_at=now, name_key=f"{family} {letters}", sort_key=f"{family} {letters}",
            search_key="", link_hash=n.to_bytes(32, "big"), ticket_code=tickets.new_code(),
        )  # fmt: skip

    Registration.objects.bulk_create(map(person, range(count)), batch_size=1000)


def make_batch(count: int) -> dict[str, float]:
    """Order and make a batch of that many; what the worker does is timed."""
    from django.utils import timezone  # noqa: PLC0415 -- after setup

    from badges import batches, making  # noqa: PLC0415 -- after setup
    from badges.models import Batch, BatchState  # noqa: PLC0415 -- after setup
    from events.models import Meeting  # noqa: PLC0415 -- after setup

    meeting = Meeting.objects.get()
    people = list(batches.printable(meeting).by_name().values_list("pk", flat=True)[:count])
    batch = Batch.objects.create(
        meeting=meeting,
        kind="badges",
        options={"asked": {}, "sections": [{"label": "", "count": count}]},
        people=people,
        total=count,
        created_at=timezone.now(),
    )
    began = time.process_time()
    claimed = batches.claim(at=timezone.now())
    assert claimed
    making.make(claimed)
    seconds = time.process_time() - began
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE, batch.error
    return {"seconds": seconds, "bytes": batch.file.size, "rss": peak()}


def write_floor(count: int) -> dict[str, float]:
    """The same number of sheets with codes alone, in one go."""
    from badges import pdf, rendering  # noqa: PLC0415 -- after setup
    from registrations import tickets  # noqa: PLC0415 -- after setup

    codes = [tickets.new_code() for _ in range(count)]
    began = time.process_time()
    with tempfile.TemporaryFile() as out:
        document = pdf.Document(out, title="floor", language="en", size=rendering.A4)
        for start in range(0, count, rendering.PER_SHEET):
            for place, code in enumerate(codes[start : start + rendering.PER_SHEET]):
                x, y = rendering.corner(place)
                document.draw([rendering.qr(code, x=x, y=y, side=rendering.QR_SIDE)])
            document.end_page()
        document.save()
        size = out.tell()
    return {"seconds": time.process_time() - began, "bytes": size, "rss": peak()}


def peak() -> float:
    """
    The most memory this process has held, in MiB.

    Not ru_maxrss: a child starts with the peak of its parent there.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)


if __name__ == "__main__":
    main()
