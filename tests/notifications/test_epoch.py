"""A restored backup is recognized, and nothing is sent until somebody has chosen."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.models import JournalEntry
from notifications import delivery, epoch, health, smtp
from notifications.models import Epoch, Message, State
from tests.notifications.posting import look, post, seen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file(settings, tmp_path):
    settings.MAIL_EPOCH = ""
    settings.MAIL_EPOCH_FILE = tmp_path / "kept" / "mail-epoch"
    return settings.MAIL_EPOCH_FILE


def dump():
    """What a backup would hold of the post office."""
    return list(Message.objects.all()), list(Epoch.objects.all())


def restore(backup):
    messages, epochs = backup
    Message.objects.all().delete()
    Epoch.objects.all().delete()
    Message.objects.bulk_create(messages)
    Epoch.objects.bulk_create(epochs)


def later(hours):
    """Time is moved in the data."""
    past = timedelta(hours=hours)
    for message in Message.objects.all():
        Message.objects.filter(pk=message.pk).update(
            created_at=message.created_at - past, not_before=message.not_before - past
        )
    Epoch.objects.update(vouched_until=Now() - past)


def resume(*choice):
    out = StringIO()
    call_command("mail", "resume", *choice, stdout=out)
    return out.getvalue()


def test_the_first_start_asks_nobody(file, server):
    message = post("anna")

    look()

    assert seen(message)[0] == State.SENT
    assert file.exists()
    assert health.look().paused_since is None


def test_a_restored_backup_sends_nothing_until_somebody_chooses(file, server):
    post("first")
    look()
    post("old")
    backup = dump()
    look()
    assert len(server.accepted) == 2

    restore(backup)
    look()
    look()

    assert len(server.accepted) == 2
    assert health.look().needs[0] == "paused"

    resume("--send-all")
    look()
    assert len(server.accepted) == 3
    assert health.look().paused_since is None


def test_what_is_old_is_left_out_and_what_is_new_or_due_later_is_sent(file, server):
    post("first")
    look()
    old, uncertain = post("old"), post("uncertain")
    scheduled = post("scheduled")
    Message.objects.filter(pk=scheduled.pk).update(not_before=Now() + timedelta(days=9))
    Message.objects.filter(pk=uncertain.pk).update(state=State.AMBIGUOUS)
    backup = dump()
    look()
    restore(backup)
    later(hours=6)
    new = post("new")
    look()

    said = resume("--skip-older-than", "5h")
    look()

    assert said == "Mail is sent again; messages left out: 1.\n"
    assert seen(old) == (State.DROPPED, "skipped_after_restore")
    assert seen(uncertain)[0] == State.AMBIGUOUS
    assert seen(scheduled)[0] == State.QUEUED
    assert seen(new)[0] == State.SENT
    entry = JournalEntry.objects.get(action="mail.resumed")
    assert entry.changes == {"skip_older_than_hours": 5.0, "left_out": 1}


def test_a_lease_of_before_the_restore_is_chosen_about_too(file, server):
    post("first")
    look()
    held, speaking = post("held"), post("speaking")
    Message.objects.exclude(state=State.SENT).update(
        state=State.LEASED, lease_until=Now() + timedelta(minutes=4)
    )
    Message.objects.filter(pk=speaking.pk).update(phase="data")
    backup = dump()
    epoch.advance()
    restore(backup)
    later(hours=6)
    look()

    resume("--skip-older-than", "5h")
    look()

    assert seen(held) == (State.DROPPED, "skipped_after_restore")
    assert seen(speaking)[0] == State.AMBIGUOUS
    assert len(server.accepted) == 1


def test_after_the_choice_the_next_restore_is_recognized_as_well(file, server):
    post("first")
    look()
    backup = dump()
    post("second")
    look()
    for _ in range(2):
        restore(backup)
        look()
        assert health.look().paused_since
        resume("--send-all")
        post("afterwards")
        look()
        assert health.look().paused_since is None
        Message.objects.filter(dedupe_key="afterwards").delete()


def test_a_copy_made_in_the_midst_of_a_batch_is_recognized(file, server, monkeypatch):
    for number in range(3):
        post(f"guest{number}")
    copies, send = [], smtp.Line.send

    def copying(line, **envelope):
        answer = send(line, **envelope)
        copies.append(dump())
        return answer

    monkeypatch.setattr(smtp.Line, "send", copying)
    look()
    assert len(server.accepted) == 3

    restore(copies[0])
    look()

    assert len(server.accepted) == 3
    assert health.look().paused_since


def test_a_lost_file_is_believed_while_another_worker_vouches(file, server):
    post("first")
    look()
    file.unlink()
    message = post("second")

    look()

    assert seen(message)[0] == State.SENT
    assert file.exists()


@pytest.mark.parametrize("left", [None, "", "junk", "\x00\xff"])
def test_a_lost_or_broken_file_that_nobody_vouches_for_pauses(file, server, left):
    post("first")
    look()
    Epoch.objects.update(vouched_until=Now())
    file.unlink()
    if left is not None:
        file.write_text(left, encoding="latin-1")
    post("second")

    look()
    assert len(server.accepted) == 1

    resume("--send-all")
    look()
    assert len(server.accepted) == 2


def test_a_new_database_beside_an_old_file_is_no_restore(file, server):
    post("first")
    look()
    Message.objects.all().delete()
    Epoch.objects.all().delete()
    message = post("second")

    look()

    assert seen(message)[0] == State.SENT


def test_an_old_database_of_before_the_marker_beside_a_newer_file_pauses(file, server):
    waits = post("waits")
    post("first")
    Message.objects.filter(pk=waits.pk).update(not_before=Now() + timedelta(hours=1))
    look()
    Epoch.objects.all().delete()

    look()

    assert health.look().paused_since
    resume("--send-all")
    Message.objects.filter(pk=waits.pk).update(not_before=Now())
    look()
    assert seen(waits)[0] == State.SENT


def test_a_file_that_cannot_be_written_stops_no_mail(settings, server, tmp_path, caplog):
    settings.MAIL_EPOCH = ""
    (tmp_path / "taken").write_text("")
    settings.MAIL_EPOCH_FILE = tmp_path / "taken" / "mail-epoch"
    message = post("anna")

    look()

    assert seen(message)[0] == State.SENT
    assert "cannot be kept" in caplog.text


def test_where_no_file_is_kept_a_name_tells(settings, server, tmp_path):
    settings.MAIL_EPOCH = "2026"
    settings.MAIL_EPOCH_FILE = tmp_path / "mail-epoch"
    post("first")
    look()
    settings.MAIL_EPOCH = "after the restore"
    post("second")

    look()
    assert len(server.accepted) == 1
    resume("--send-all")
    look()
    assert len(server.accepted) == 2
    assert not settings.MAIL_EPOCH_FILE.exists()


def test_there_is_nothing_to_choose_while_mail_is_sent(file):
    with pytest.raises(CommandError, match="not paused"):
        resume("--send-all")
    with pytest.raises(CommandError):
        resume()
    with pytest.raises(CommandError):
        resume("--skip-older-than", "yesterday")


def test_a_pause_stops_a_worker_between_two_batches(file, server, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 2)
    for number in range(6):
        post(f"guest{number}")
    send = smtp.Line.send

    def pausing(line, **envelope):
        Epoch.objects.update(paused_since=Now())
        return send(line, **envelope)

    monkeypatch.setattr(smtp.Line, "send", pausing)
    look()

    assert len(server.accepted) == 2
    assert Message.objects.filter(state=State.QUEUED).count() == 4


def test_many_workers_keep_one_file_that_never_goes_back(file):
    epoch.may_send()

    def work():
        try:
            for _ in range(15):
                assert epoch.may_send()
                assert epoch.advance()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    row = Epoch.objects.get()
    assert row.paused_since is None
    assert epoch._read().number == row.number == 61


def test_there_is_one_epoch():
    with pytest.raises(IntegrityError, match="there_is_one_epoch"), transaction.atomic():
        Epoch.objects.create(id=2)
