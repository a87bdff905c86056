"""
Webhooks: other programs are told what happens at a meeting. docs/webhooks.md is their side.

An event is a row, written by a trigger in the transaction of the event, which costs nothing
where nobody wants to know. `telling` delivers the rows, `keeping` is what organizers do.
"""
