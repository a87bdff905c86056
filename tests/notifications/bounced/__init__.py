"""Reports as the mail servers write them; {id} stands for the Message-ID of our mail."""

from pathlib import Path

SAMPLES = Path(__file__).parent


def sample(name, message_id):
    """One report, about our mail of that id."""
    return (SAMPLES / f"{name}.eml").read_bytes().replace(b"{id}", str(message_id).encode())
