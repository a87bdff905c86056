from datetime import time

import pytest

from registrations import reminder_rules
from registrations.models import Audience, ReminderRule, RuleKind
from tests.factories import NOON, ORGANIZER, make_meeting

pytestmark = pytest.mark.django_db(transaction=True)


def rule(amount, **fields):
    said = {"kind": RuleKind.DAYS_BEFORE, "at_time": time(10), "audience": Audience.ALL}
    return ReminderRule(amount=amount, **said | fields)


def arrange(meeting, *rules):
    reminder_rules.arrange(meeting=meeting, kept=list(rules), version=None, at=NOON, by=ORGANIZER)
    return {row.amount: row for row in meeting.reminder_rules.all()}


def test_rules_are_replaced_and_those_that_stay_keep_their_row():
    meeting = make_meeting()
    before = arrange(meeting, rule(7), rule(1))

    after = arrange(meeting, rule(1, is_enabled=False), rule(3))

    assert sorted(after) == [1, 3]
    assert (after[1].pk, after[1].is_enabled) == (before[1].pk, False)


def test_two_rules_may_be_exchanged_in_one_save():
    meeting = make_meeting()
    rows = arrange(meeting, rule(7), rule(1))
    rows[7].amount, rows[1].amount = 1, 7

    assert sorted(arrange(meeting, rows[7], rows[1])) == [1, 7]


def test_the_same_rule_twice_is_refused():
    with pytest.raises(reminder_rules.RuleTwice):
        arrange(make_meeting(), rule(7), rule(7))
