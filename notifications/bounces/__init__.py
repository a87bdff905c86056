"""
What happens to a mail after the server took it: it comes back, arrives, or annoys.

`reports` reads what other servers write (RFC 3464), `mailbox` fetches it, `fates` believes it.
"""
