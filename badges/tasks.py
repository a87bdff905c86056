"""What workers do for this house: make what was ordered, erase what is old."""

from celery import shared_task
from django.utils import timezone

from badges import batches, making


@shared_task(ignore_result=True)
def render() -> None:
    """Make every batch that nobody works on. Any number of workers may run this at once."""
    while batch := batches.claim(at=timezone.now()):
        making.make(batch)
    batches.sweep(at=timezone.now())
