"""Delegations: opened by the organizer, composed by their heads through a link."""
