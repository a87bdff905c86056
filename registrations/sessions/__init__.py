"""Sessions with seats of their own: planned by organizers, chosen by the confirmed."""
