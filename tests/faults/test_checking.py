"""The judge of the storms can fail: each thing that must not be is shown to it once."""

from dataclasses import replace

import pytest

from tests.faults import checking
from tests.faults.checking import Intent

pytestmark = pytest.mark.fault

ANNA = Intent(
    message_id="anna",
    recipient="anna@example.org",
    care="a",
    state="sent",
    possible_duplicate=False,
)


def taken(intent, times=1, **changes):
    line = {"event": "accepted", "message_id": intent.message_id, "recipient": intent.recipient}
    return [line | changes] * times


def faults(history, *intents):
    return checking.judge(history, list(intents)).faults


def test_one_mail_taken_once_is_well():
    found = checking.judge(taken(ANNA), [ANNA])

    assert found.faults == {}
    assert (found.sends, found.doubled, found.uncertain) == (1, 0, [])


@pytest.mark.parametrize("state", ["sent", "expired", "withdrawn", "dropped"])
def test_a_mail_that_nobody_got_is_lost(state):
    assert faults([], replace(ANNA, state=state)) == {"lost": ["anna"]}


@pytest.mark.parametrize("state", ["queued", "leased", "deferred"])
def test_a_mail_that_waits_at_the_end_is_unfinished(state):
    assert faults(taken(ANNA), replace(ANNA, state=state)) == {"unfinished": ["anna"]}


def test_a_mail_taken_twice_must_be_marked():
    assert faults(taken(ANNA, 2), ANNA) == {"doubled_unexplained": ["anna"]}
    assert faults(taken(ANNA, 2), replace(ANNA, possible_duplicate=True)) == {}


def test_no_mail_is_taken_three_times():
    marked = replace(ANNA, possible_duplicate=True)

    assert faults(taken(ANNA, 3), marked) == {"thrice": ["anna"]}


def test_what_must_not_be_doubled_is_not_excused_by_a_mark():
    marked = replace(ANNA, care="b", possible_duplicate=True)

    assert faults(taken(ANNA, 2), marked) == {"doubled_that_must_not": ["anna"]}


def test_a_failure_needs_a_refusal_and_no_acceptance():
    failed = replace(ANNA, state="failed")
    refused = replace(failed, refusals=(550,))

    assert faults([], failed) == {"failed_without_refusal": ["anna"]}
    assert faults([], refused) == {}
    assert faults(taken(ANNA), refused) == {"failed_without_refusal": ["anna"]}


def test_a_mail_of_nobody_and_a_mail_to_another():
    stranger = taken(replace(ANNA, message_id="stranger"))

    assert faults(taken(ANNA) + stranger, ANNA) == {"unheard_of": ["stranger"]}
    assert faults(taken(ANNA, recipient="boris@example.org"), ANNA) == {"to_another": ["anna"]}


def test_two_intents_under_one_name_are_no_history():
    with pytest.raises(AssertionError, match="same Message-ID"):
        checking.judge([], [ANNA, ANNA])


def test_what_is_uncertain_is_counted_and_no_fault():
    left = replace(ANNA, state="ambiguous", message_id="left")
    repeated = replace(ANNA, possible_duplicate=True)

    found = checking.judge(taken(ANNA, 2) + taken(left), [left, repeated])

    assert found.faults == {}
    assert found.uncertain == ["left", "anna"]
    assert found.uncertain_of_1_000 == pytest.approx(2 / 3 * 1000)
    assert " pass sends=3 lost=0 dup=1 " in found.line("storm", 1)


def test_refusals_are_no_acceptances(tmp_path):
    history = tmp_path / "history"
    history.write_text(
        '{"event": "began", "message_id": "", "recipient": "a"}\n'
        '{"event": "refused", "message_id": "anna", "recipient": "anna@example.org"}\n'
    )

    assert checking.judge(checking.read(history), [ANNA]).lost == ["anna"]
