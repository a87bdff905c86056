"""What the clock asks of this house: wake-ups that look at rows, harmless in any number."""

from celery import shared_task
from django.utils import timezone

from registrations import (
    announcing,
    closing,
    erasure,
    import_leases,
    import_runs,
    import_working,
    limits,
    offering,
    reminders,
)
from registrations.delegations import reminding, wishes


@shared_task(ignore_result=True)
def forget() -> None:
    """Erase the people of meetings whose time to keep data is over."""
    erasure.forget_due(at=timezone.now())
    import_runs.sweep(at=timezone.now())


@shared_task(ignore_result=True)
def bring_tables() -> None:
    """Check and import every table that nobody works on. Any number of workers may at once."""
    while run := import_leases.claim(at=timezone.now()):
        import_working.work(run)


@shared_task(ignore_result=True)
def write_announcements() -> None:
    """Write the letters of every announcement that was sent. Any number of workers may."""
    while announcing.write_next(at=timezone.now()):
        pass


@shared_task(ignore_result=True)
def release_seats() -> None:
    """Keep no seats any longer whose day has come; whoever waits gets them."""
    limits.release_due(at=timezone.now())


@shared_task(ignore_result=True)
def lapse_offers() -> None:
    """End the offers of seats that nobody answered in time; whoever is next gets them."""
    offering.lapse_due(at=timezone.now())


@shared_task(ignore_result=True)
def remind_heads() -> None:
    """Tell the heads of delegations whose list closes soon, and those whose answer is wanted."""
    reminding.remind_due(at=timezone.now())
    wishes.tell_due(at=timezone.now())


@shared_task(ignore_result=True)
def take_lists() -> None:
    """Keep the lists of meetings whose lists have closed by time."""
    closing.take_due(at=timezone.now())


@shared_task(ignore_result=True)
def plan_reminders() -> None:
    """Write the reminders whose moment has come."""
    reminders.send_due(at=timezone.now())
