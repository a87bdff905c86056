"""Buckets of tokens: nobody sends more than allowed, and who waits is in nobody's way."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from notifications import delivery, rates
from notifications.models import Attempt, Bucket, Message, State
from tests.notifications.posting import look, post, seen

pytestmark = pytest.mark.django_db(transaction=True)


def at_most(settings, monkeypatch, burst, **lanes):
    """So many at once in each lane, and practically none afterwards."""
    settings.MAIL_RATES = {name.replace("_", "."): 0.01 for name in lanes or {"other": 0}}
    monkeypatch.setattr(rates, "BURST_SECONDS", burst * 60 / 0.01)


@pytest.mark.parametrize(
    ("address", "lane"),
    [
        ("anna@bk.ru", "mail.ru"),
        ("anna@List.RU", "mail.ru"),
        ("anna@ya.ru", "yandex"),
        ("anna@googlemail.com", "gmail"),
        ("anna@minobr.example.org", "minobr.example.org"),
        ("not an address", "not an address"),
    ],
)
def test_a_lane_is_the_house_behind_the_domain(address, lane):
    assert rates.lane(address) == lane


def test_a_rate_is_that_of_the_family_the_name_or_the_others(settings):
    settings.MAIL_RATES = {"mail.ru": 60, "example.org": 120, "other": 240}

    assert rates.per_second("mail.ru") == 1
    assert rates.per_second("yandex") == 0
    assert rates.per_second("example.org") == 2
    assert rates.per_second("example.net") == 4
    assert rates.per_second(rates._relay()) == 0


def test_who_has_no_token_waits_uncounted_and_blocks_nobody(settings, monkeypatch, server):
    at_most(settings, monkeypatch, 3, mail_ru=1)
    slow = [post(f"slow{n}", to=f"slow{n}@bk.ru", priority=1) for n in range(30)]
    quick = [post(f"quick{n}", priority=9) for n in range(30)]

    look()

    assert [seen(m)[0] for m in slow] == [State.SENT] * 3 + [State.QUEUED] * 27
    assert {seen(m)[0] for m in quick} == {State.SENT}
    assert {m.attempts for m in slow[3:]} == {0}
    assert Attempt.objects.count() == 33
    # Claimed once, put back, then passed by.
    assert max(m.lease_epoch for m in slow) <= 2


def test_a_lane_opens_again_by_the_clock_of_the_database(settings, monkeypatch, server):
    at_most(settings, monkeypatch, 2, other=1)
    for number in range(6):
        post(f"guest{number}")
    look()
    assert len(server.accepted) == 2

    hour = timedelta(days=365)
    Bucket.objects.update(filled_at=F("filled_at") - hour, ready_at=F("ready_at") - hour)
    look()

    assert len(server.accepted) == 4


def test_the_mail_server_itself_has_a_rate(settings, monkeypatch, server):
    at_most(settings, monkeypatch, 5, relay=1)
    for number in range(9):
        post(f"guest{number}", to=f"guest{number}@example{number}.org")

    look()

    assert len(server.accepted) == 5
    assert Message.objects.filter(state=State.QUEUED, attempts=0).count() == 4


def test_a_worker_waits_a_moment_for_the_next_token(settings, server):
    settings.MAIL_RATES = {"other": 1200}
    rates_burst = rates._burst("example.org")
    for number in range(int(rates_burst) + 10):
        post(f"guest{number}")

    look()

    assert len(server.accepted) == rates_burst + 10


def test_without_rates_no_bucket_is_looked_into(server):
    post("anna")

    look()

    assert not Bucket.objects.exists()


def _share_out_at_once(workers, each):
    """Threads that ask for tokens of one lane at the same moments; how many they got."""
    batches = [
        [Message(pk=100 * worker + n, recipient="a@example.org") for n in range(each)]
        for worker in range(workers)
    ]
    together, got, lock = threading.Barrier(workers), [], threading.Lock()

    def work(batch):
        try:
            together.wait(10)
            go, wait = rates.share_out(batch)
            with lock:
                got.append(len(go))
            assert len(go) + len(wait) == each
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(got)


def test_workers_share_one_bucket(settings, monkeypatch):
    at_most(settings, monkeypatch, 25, other=1)

    assert _share_out_at_once(workers=6, each=10) == 25


def test_without_the_lock_workers_take_the_same_tokens(settings, monkeypatch):
    """The control: the test above can fail."""
    at_most(settings, monkeypatch, 25, other=1)
    look_in = rates._look_in
    Bucket.objects.create(lane="example.org", tokens=25)
    together = threading.Barrier(6)

    def slowly(lanes):
        found = look_in(lanes)
        together.wait(10)
        return found

    monkeypatch.setattr(rates, "_LOOK_IN", rates._LOOK_IN.replace("FOR UPDATE", ""))
    monkeypatch.setattr(rates, "_look_in", slowly)

    assert _share_out_at_once(workers=6, each=10) > 25


def test_no_token_is_owed():
    with pytest.raises(IntegrityError, match="no_token_is_owed"), transaction.atomic():
        Bucket.objects.create(lane="example.org", tokens=-1)


def test_domains_that_nobody_writes_to_are_forgotten():
    Bucket.objects.create(lane="example.org", tokens=1)
    Bucket.objects.create(lane="example.net", tokens=1)
    Bucket.objects.filter(lane="example.net").update(filled_at=Now() - timedelta(days=2))

    delivery.sweep()

    assert [bucket.lane for bucket in Bucket.objects.all()] == ["example.org"]
