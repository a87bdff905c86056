"""What the scanner's script says: handed to the page, so that it speaks the page's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def script_words() -> dict[str, str]:
    """Every sentence of the script, by the name it has there."""
    return {
        "checking": _("Checking…"),
        "unsent_title": _("Not checked yet"),
        "unsent_advice": _(
            "No connection. The scan is kept and will be sent. Look at the list on paper."
        ),
        "unsent": _("No connection. Not yet sent: {n}"),
        "late": _("Sent. Look into the log: not everybody was welcome."),
        "shift_over": _("This desk is closed. Open the desk link again to start."),
        "leave": _("Some scans are not sent yet. End the shift all the same?"),
        "camera_denied": _(
            "The camera is not allowed. Allow it in the browser: the sign left of the address,"
            " Camera, Allow; then press the button again. Meanwhile use the search or type the"
            " number."
        ),
        "camera_missing": _(
            "There is no camera. Use a barcode scanner, the search or type the number."
        ),
        "camera_busy": _("Another program uses the camera. Close it and press the button again."),
        "camera_insecure": _(
            "A phone gives the camera to https:// pages only. Use the search or type the number."
        ),
        "nobody": _("Nobody found. Check the spelling, or register at the door."),
        "too_short": _("Type at least two letters."),
        "found": _("Found: {n}"),
        "not_searched": _("No connection, so nothing was searched. Try again."),
        "already": _("in since {time}, {desk}"),
        "undone": _("Undone"),
        "undo": _("Undo"),
        "search": _("Look up"),
        "undo_waits": _("Undone here. It will be sent when there is a connection."),
        "again": _("Let in again"),
        "admit": _("Admit"),
        "instead": _("Somebody comes instead"),
        "instead_of": _("Instead of {name}"),
        "box": _("Badge in box"),
        "not_saved": _("Not sent. What you typed is kept: press again in a moment."),
    }
