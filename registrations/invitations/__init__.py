"""Invitations: sent by the organizer to people by name, answered by them through a link."""
