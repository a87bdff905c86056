"""What the problems of the API are called and what to do about them, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# What each problem is called, and what to do about it: /problems/<type> says both.
WORDS: dict[str, tuple[StrPromise, StrPromise]] = {
    "address_suppressed": (
        gettext_lazy("Mail to this address came back"),
        gettext_lazy("Correct the address, or allow it again when you know that it works."),
    ),
    "already_registered": (
        gettext_lazy("Already registered"),
        gettext_lazy(
            "Somebody of that name and address is on the list; the link was sent there by mail."
        ),
    ),
    "authentication_failed": (
        gettext_lazy("The sign-in was not accepted"),
        gettext_lazy(
            "Check the token in the Authorization header: it may be revoked or incomplete."
        ),
    ),
    "capacity_full": (
        gettext_lazy("More seats are taken"),
        gettext_lazy("The limit cannot be lower than the seats that are taken already (“taken”)."),
    ),
    "category_in_use": (
        gettext_lazy("Participants are registered in it"),
        gettext_lazy("Move them to another category first."),
    ),
    "consent_required": (
        gettext_lazy("A consent is missing"),
        gettext_lazy(
            "Send the kinds of all required documents in “consents”; “missing” names them."
        ),
    ),
    "bad_request": (
        gettext_lazy("This request cannot be read"),
        gettext_lazy("It breaks the rules of HTTP."),
    ),
    "delegation_exists": (
        gettext_lazy("There is such a delegation"),
        gettext_lazy("Names of delegations are unique within a meeting (“name” says which)."),
    ),
    "delegation_full": (
        gettext_lazy("The delegation has no place left"),
        gettext_lazy("Replace or remove somebody first, or ask the organizer for a larger quota."),
    ),
    "delegation_in_use": (
        gettext_lazy("The delegation has people"),
        gettext_lazy("This is possible only while nobody is on its list."),
    ),
    "no_session_seats": (
        gettext_lazy("No places in sessions"),
        gettext_lazy("They are for confirmed participants who come in person."),
    ),
    "nobody_to_ask": (
        gettext_lazy("There is nobody to write to"),
        gettext_lazy("Everybody has answered, was written to already, or it is too late for it."),
    ),
    "delivery_not_repeatable": (
        gettext_lazy("This is being sent at this moment"),
        gettext_lazy("Look at what became of it in a few seconds."),
    ),
    "too_many_webhooks": (
        gettext_lazy("The meeting has as many webhooks as it can have"),
        gettext_lazy(
            "Remove one that is not needed any more (“limit” says how many there can be)."
        ),
    ),
    "webhook_address_refused": (
        gettext_lazy("Nothing is sent to this address"),
        gettext_lazy("Give an https:// address on the internet, without a password in it."),
    ),
    "device_revoked": (
        gettext_lazy("This device is no desk any more"),
        gettext_lazy("Open the desk link again and start anew."),
    ),
    "edits_closed": (
        gettext_lazy("The lists are closed"),
        gettext_lazy("Changes are up to the organizer now."),
    ),
    "forbidden": (
        gettext_lazy("Not allowed"),
        gettext_lazy("The token or the person may not do that."),
    ),
    "id_reused": (
        gettext_lazy("The id was used for something else"),
        gettext_lazy("A scan's id belongs to one scan. Make a new one."),
    ),
    "invalid_transition": (
        gettext_lazy("Not possible in this status"),
        gettext_lazy("Read the registration again: its status has another way on."),
    ),
    "access_code_exists": (
        gettext_lazy("There is such an access code"),
        gettext_lazy("Access codes are unique within a meeting."),
    ),
    "access_code_in_use": (
        gettext_lazy("People came with this access code"),
        gettext_lazy("Switch it off instead of removing it."),
    ),
    "access_code_unknown": (
        gettext_lazy("The access code is not valid"),
        gettext_lazy("It is mistyped, switched off, or not valid at this moment."),
    ),
    "code_used_up": (
        gettext_lazy("The access code is used up"),
        gettext_lazy("As many people have registered with it as may (“limit”)."),
    ),
    "already_invited": (
        gettext_lazy("This person is invited already"),
        gettext_lazy("There is an open invitation for this name and address (“row” says whose)."),
    ),
    "invitation_answered": (
        gettext_lazy("The invitation is settled"),
        gettext_lazy("It was accepted or taken back, so it cannot be answered or changed."),
    ),
    "invitation_closed": (
        gettext_lazy("The invitation is not open"),
        gettext_lazy("The day by which to answer is over, or the meeting is not open for it."),
    ),
    "invitation_not_transferable": (
        gettext_lazy("The invitation is personal"),
        gettext_lazy("The organizer has not allowed to pass it on, or it was passed on once."),
    ),
    "key_reused": (
        gettext_lazy("The key was used for something else"),
        gettext_lazy(
            "An Idempotency-Key belongs to one body. Send the first body again, or a new key."
        ),
    ),
    "last_organizer": (
        gettext_lazy("A meeting needs an organizer"),
        gettext_lazy("Add another one before you leave."),
    ),
    "link_expired": (
        gettext_lazy("The link has run out"),
        gettext_lazy("Ask the organizer for a new one."),
    ),
    "link_invalid": (
        gettext_lazy("The link is not known"),
        gettext_lazy("Ask the organizer for a new one."),
    ),
    "meeting_cancelled": (
        gettext_lazy("The meeting is cancelled"),
        gettext_lazy("A meeting that was called off is not changed any more."),
    ),
    "meeting_full": (
        gettext_lazy("All seats are taken"),
        gettext_lazy("There is no waiting list. An organizer may go over capacity on purpose."),
    ),
    "meeting_incomplete": (
        gettext_lazy("Something is missing"),
        gettext_lazy("“missing” names what a meeting needs before it is published."),
    ),
    "message_not_repeatable": (
        gettext_lazy("Cannot be sent again now"),
        gettext_lazy("It is being sent at this moment, or its words were erased."),
    ),
    "method_not_allowed": (
        gettext_lazy("Not this method"),
        gettext_lazy("The Allow header says which methods this address has."),
    ),
    "not_acceptable": (
        gettext_lazy("Not in this format"),
        gettext_lazy("Ask for application/json."),
    ),
    "not_admitted": (
        gettext_lazy("This desk admits nobody by itself"),
        gettext_lazy("Send the person to a desk that may, or ask the organizer."),
    ),
    "not_authenticated": (
        gettext_lazy("Sign-in needed"),
        gettext_lazy("Send “Authorization: Bearer …” with a token of the organizer."),
    ),
    "not_found": (
        gettext_lazy("Nothing found"),
        gettext_lazy("It is not there, or it belongs to somebody else."),
    ),
    "not_ready": (
        gettext_lazy("Not ready yet"),
        gettext_lazy("The file is still being made; ask again in a few seconds."),
    ),
    "lists_open": (
        gettext_lazy("The lists are open"),
        gettext_lazy("Close them first: then who is confirmed is kept as a list."),
    ),
    "nothing_changed": (
        gettext_lazy("Nothing has changed"),
        gettext_lazy("The last list (“number”) says the same as a new one would."),
    ),
    "nothing_to_close": (
        gettext_lazy("There are no lists to close"),
        gettext_lazy("Only a published meeting has lists."),
    ),
    "nothing_to_reopen": (
        gettext_lazy("The lists cannot be opened again"),
        gettext_lazy("Name a moment that is ahead, before the meeting ends, in “until”."),
    ),
    "nothing_to_freeze": (
        gettext_lazy("Nothing to publish yet"),
        gettext_lazy("There is no figure on this basis."),
    ),
    "nothing_to_keep": (
        gettext_lazy("Seats cannot be kept"),
        gettext_lazy("Keep no more seats than are free, and say until which day in the future."),
    ),
    "nothing_to_merge": (
        gettext_lazy("Nothing to merge"),
        gettext_lazy("Name at least two spellings of one organization."),
    ),
    "file_not_read": (
        gettext_lazy("The file cannot be read as a table"),
        gettext_lazy(
            "Send XLSX or CSV, up to 5 MB and 10,000 people, or 1,000 delegations or "
            "invitations; “detail” says what is wrong."
        ),
    ),
    "rows_not_accepted": (
        gettext_lazy("Rows of the table have errors"),
        gettext_lazy(
            "Nothing was saved. Correct the rows that “rows” names (the first hundred; “wrong” "
            "is how many there are), and send the table again."
        ),
    ),
    "import_moved_on": (
        gettext_lazy("The import has gone on"),
        gettext_lazy("Read it again: its state allows other steps by now."),
    ),
    "nothing_to_import": (
        gettext_lazy("Nobody can be added"),
        gettext_lazy("The table has no rows, or all have errors or are registered already."),
    ),
    "too_many_imports": (
        gettext_lazy("Too many tables are on their way"),
        gettext_lazy("Import or cancel one of them first."),
    ),
    "nothing_to_print": (
        gettext_lazy("Nothing to print"),
        gettext_lazy("Nobody on the list fits the choice."),
    ),
    "server_error": (
        gettext_lazy("The program failed"),
        gettext_lazy("It has been noted. Send the request again with the same Idempotency-Key."),
    ),
    "offer_over": (
        gettext_lazy("No seat is offered any more"),
        gettext_lazy(
            "Nobody has offered a seat, it was answered, or the moment in `offered_until` has "
            "passed: then it goes to whoever is next."
        ),
    ),
    "offers_closed": (
        gettext_lazy("Seats are not offered"),
        gettext_lazy(
            "The meeting confirms whoever is next at once (`offer_hours`), or its lists are closed."
        ),
    ),
    "organizer_unknown": (
        gettext_lazy("No such organizer"),
        gettext_lazy("Only somebody with an account here can be added."),
    ),
    "parse_error": (
        gettext_lazy("The body cannot be read"),
        gettext_lazy("Send one valid JSON object."),
    ),
    "precondition_required": (
        gettext_lazy("Say which version you changed"),
        gettext_lazy("Send the ETag that you read as If-Match."),
    ),
    "query_too_short": (
        gettext_lazy("Too little to search for"),
        gettext_lazy("Send at least two characters."),
    ),
    "registration_closed": (
        gettext_lazy("Registration is closed"),
        gettext_lazy("The meeting takes no registrations at this moment; “detail” says why."),
    ),
    "reminder_rule_twice": (
        gettext_lazy("Two reminders are the same"),
        gettext_lazy("Leave one of them out."),
    ),
    "session_full": (
        gettext_lazy("The session is full"),
        gettext_lazy("Choose another one; the answer names those with places at that time."),
    ),
    "session_in_use": (
        gettext_lazy("People have chosen the session"),
        gettext_lazy("Say that it is to be deleted all the same; they are told by mail."),
    ),
    "session_not_bookable": (
        gettext_lazy("The session is open to everybody"),
        gettext_lazy("No place is needed: just come."),
    ),
    "session_outside_meeting": (
        gettext_lazy("The session lies outside the meeting"),
        gettext_lazy("Give it a time between the beginning and the end of the meeting."),
    ),
    "sessions_overlap": (
        gettext_lazy("Two sessions at the same time"),
        gettext_lazy("Give one of them up, or choose one instead of the other."),
    ),
    "stale_version": (
        gettext_lazy("Somebody was quicker"),
        gettext_lazy("“current” is what is there now. Merge, and send the new ETag."),
    ),
    "still_running": (
        gettext_lazy("The same request is under way"),
        gettext_lazy("Wait as Retry-After says, then send it again with the same key."),
    ),
    "announcement_moved_on": (
        gettext_lazy("The message has gone on"),
        gettext_lazy("Only a draft can be changed or sent, only what has not left taken back."),
    ),
    "announcement_not_ready": (
        gettext_lazy("The message is not ready"),
        gettext_lazy(
            "It needs a subject and a text in each of its languages, and a published meeting."
        ),
    ),
    "file_not_accepted": (
        gettext_lazy("The file is not taken"),
        gettext_lazy("Only PDF, pictures and office documents, 5 MB together."),
    ),
    "filter_unknown": (
        gettext_lazy("The condition is not known"),
        gettext_lazy(
            "“criteria” says which; nobody is written to by a condition that means nothing."
        ),
    ),
    "nobody_to_write": (
        gettext_lazy("Nobody can be written to"),
        gettext_lazy("Nobody is meant, or nobody of them has an address and wants such mail."),
    ),
    "text_not_accepted": (
        gettext_lazy("The text cannot be filled in"),
        gettext_lazy("“placeholder” says what stands in braces there and means nothing."),
    ),
    "throttled": (gettext_lazy("Too many requests"), gettext_lazy("Wait as Retry-After says.")),
    "too_large": (
        gettext_lazy("Too much at once"),
        gettext_lazy("Send less, in several requests."),
    ),
    "unsupported_media_type": (
        gettext_lazy("Not in this format"),
        gettext_lazy("Send application/json in UTF-8."),
    ),
    "validation": (
        gettext_lazy("Some fields need attention"),
        gettext_lazy("“errors” points to each field (RFC 6901) and says what is wrong with it."),
    ),
}
