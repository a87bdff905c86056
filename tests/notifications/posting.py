"""Letters for the tests of the post office: written, looked for, moved in time."""

from django.db import transaction
from django.db.models.functions import Now

from notifications import delivery, outbox
from notifications.models import Message


def post(name, **overrides):
    """A letter to name@example.org, or to whatever the overrides say."""
    letter = {
        "key": name,
        "kind": "trial",
        "to": f"{name}@example.org",
        "language": "en",
        "template": "notifications/trial",
        "snapshot": {"site": "example.org"},
        "subjects": [f"registration:{name}"],
        "sender_name": "Institute",
    }
    with transaction.atomic():
        outbox.enqueue(**letter | overrides)
    return Message.objects.get(dedupe_key=overrides.get("key", name))


def look():
    """What a worker does when it is woken."""
    delivery.sweep()
    delivery.drain()


def seen(message):
    message.refresh_from_db()
    return (message.state, message.reason)


def make_due(message):
    """Time is moved in the data, never in the clock."""
    Message.objects.filter(pk=message.pk).update(not_before=Now())
