"""When a reminder goes: the pure part, over zones, seasons and hours of the day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from events.models import Meeting
from registrations.models import ReminderRule, RuleKind
from registrations.reminder_plan import (
    BEFORE_CONFIRMATION,
    GRACE,
    MARGIN,
    TOO_CLOSE,
    TOO_LATE,
    Drop,
    Send,
    due,
    overtaken,
    patience,
    plan,
)

MOSCOW, VLADIVOSTOK, KALININGRAD, KAMCHATKA, BERLIN = map(
    ZoneInfo,
    ["Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad", "Asia/Kamchatka", "Europe/Berlin"],
)
ZONES = [
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan",
    "Asia/Kamchatka", "Europe/Minsk", "Asia/Almaty", "Europe/Berlin", "America/New_York",
    "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC",
]  # fmt: skip
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def meeting_at(start, zone=MOSCOW):
    start = datetime.fromisoformat(start).replace(tzinfo=zone)
    return Meeting(time_zone=zone.key, starts_at=start, ends_at=start + timedelta(hours=3))


def days(amount, at="10:00"):
    return ReminderRule(kind=RuleKind.DAYS_BEFORE, amount=amount, at_time=time.fromisoformat(at))


def hours(amount):
    return ReminderRule(kind=RuleKind.HOURS_BEFORE, amount=amount)


def local(moment, zone):
    return f"{moment.astimezone(zone):%m-%d %H:%M}"


def planned(rule, meeting, *, zone=None, confirmed_at=LONG_AGO, now=LONG_AGO):
    decision = plan(rule=rule, meeting=meeting, zone=zone, confirmed_at=confirmed_at, now=now)
    return local(decision.at, meeting.zone) if isinstance(decision, Send) else decision


def test_a_rule_in_days_means_the_clock_of_the_venue():
    meeting = meeting_at("2027-01-24T10:00", VLADIVOSTOK)

    assert local(due(days(1), meeting), VLADIVOSTOK) == "01-23 10:00"
    assert local(due(days(7), meeting), VLADIVOSTOK) == "01-17 10:00"


def test_a_change_of_clocks_moves_no_rule_in_days():
    # Summer time begins in Berlin on 28 March 2027.
    meeting = meeting_at("2027-03-29T09:00", BERLIN)

    assert local(due(days(2), meeting), BERLIN) == "03-27 10:00"
    assert local(due(hours(48), meeting), BERLIN) == "03-27 08:00"
    # 02:30 does not exist that night; an hour later does.
    assert local(due(days(1, "02:30"), meeting), BERLIN) == "03-28 03:30"


def test_where_both_are_awake_it_goes_on_time():
    assert planned(days(1), meeting_at("2027-01-24T10:00"), zone=VLADIVOSTOK) == "01-23 10:00"


def test_it_goes_earlier_where_the_person_sleeps():
    meeting = meeting_at("2027-01-24T10:00")

    # 18:00 in Moscow is 03:00 in Kamchatka; there the last moment is 21:00, noon in Moscow.
    assert planned(days(1, "18:00"), meeting, zone=KAMCHATKA) == "01-23 12:00"


def test_it_goes_earlier_where_the_venue_sleeps():
    meeting = meeting_at("2027-01-24T10:00", KAMCHATKA)

    # Due at 10:00 in Kamchatka, 00:00 in Kaliningrad: the day before at 21:00 in Kamchatka.
    assert planned(days(1), meeting, zone=KALININGRAD) == "01-22 21:00"


def test_an_hour_before_an_early_meeting_is_the_evening_before():
    assert planned(hours(1), meeting_at("2027-01-24T08:30")) == "01-23 21:00"


def test_without_a_common_moment_since_the_confirmation_the_persons_clock_decides():
    meeting = meeting_at("2027-01-24T10:00", KAMCHATKA)
    # Kaliningrad, 22 January, 20:00: in Kamchatka it is 06:00 of the 23rd, nobody is awake.
    confirmed_at = datetime(2027, 1, 22, 20, tzinfo=KALININGRAD)

    moment = planned(days(1), meeting, zone=KALININGRAD, confirmed_at=confirmed_at)

    # 21:00 in Kaliningrad: awake for the person, seven in the morning at the venue.
    assert moment == "01-23 07:00"


def test_what_was_due_before_the_confirmation_is_not_sent():
    meeting = meeting_at("2027-01-24T10:00")
    confirmed_at = datetime(2027, 1, 18, tzinfo=MOSCOW)

    assert planned(days(7), meeting, confirmed_at=confirmed_at) == BEFORE_CONFIRMATION
    assert planned(days(1), meeting, confirmed_at=confirmed_at) == "01-23 10:00"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-01-23T10:01", "01-23 10:00"),  # the scheduler looks every minute
        ("2027-01-23T10:30", "01-23 10:30"),  # it was down for a while
        ("2027-01-23T16:09", "01-23 16:09"),  # six hours late
        ("2027-01-23T16:11", TOO_LATE),
        ("2027-01-24T10:30", TOO_LATE),
    ],
)
def test_a_reminder_of_the_day_before_may_be_six_hours_late(now, expected):
    now = datetime.fromisoformat(now).replace(tzinfo=MOSCOW)

    assert planned(days(1), meeting_at("2027-01-24T10:00"), now=now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-01-23T20:59", "01-23 20:59"),
        ("2027-01-23T21:30", "01-24 08:00"),  # not at night
        ("2027-01-24T07:00", "01-24 08:00"),  # what the night has kept back
        ("2027-01-24T08:09", "01-24 08:09"),
        ("2027-01-24T08:11", TOO_LATE),
    ],
)
def test_what_is_late_in_the_night_goes_in_the_morning(now, expected):
    now = datetime.fromisoformat(now).replace(tzinfo=MOSCOW)

    assert planned(days(1, "18:00"), meeting_at("2027-01-24T14:00"), now=now) == expected


def test_in_the_morning_three_hours_must_be_left():
    now = datetime(2027, 1, 24, 7, tzinfo=MOSCOW)

    at_eleven = planned(days(1, "18:00"), meeting_at("2027-01-24T11:00"), now=now)
    before_eleven = planned(days(1, "18:00"), meeting_at("2027-01-24T10:59"), now=now)

    assert (at_eleven, before_eleven) == ("01-24 08:00", TOO_CLOSE)


@pytest.mark.parametrize(
    ("rule", "late", "margin"),
    [
        (days(7), 24 * 60, 120),
        (days(2), 24 * 60, 120),
        (days(1), 6 * 60, 180),
        (hours(24), 6 * 60, 180),
        (hours(7), 6 * 60, 180),
        (hours(6), 45, 120),
        (hours(2), 45, 120),
    ],
)
def test_the_nearer_the_start_the_less_patience(rule, late, margin):
    meeting = meeting_at("2027-01-24T10:00")
    bounds = patience(meeting.starts_at - due(rule, meeting))

    assert (bounds.late, bounds.margin) == (timedelta(minutes=late), timedelta(minutes=margin))


def test_a_week_before_may_be_a_day_late():
    meeting = meeting_at("2027-01-24T10:00")

    def when(now):
        return planned(days(7), meeting, now=datetime.fromisoformat(now).replace(tzinfo=MOSCOW))

    assert when("2027-01-18T10:05") == "01-18 10:05"
    assert when("2027-01-18T10:11") == TOO_LATE


def test_of_several_that_are_late_the_newest_goes():
    now = datetime(2027, 1, 23, 14, tzinfo=MOSCOW)
    older, newer = now - timedelta(hours=4), now - timedelta(hours=2)

    assert overtaken(older, [(newer, Send(now))], now=now)
    assert not overtaken(newer, [(older, Send(now))], now=now)
    # One that is left out, or comes later, overtakes nothing.
    assert not overtaken(older, [(newer, Drop("reminder_late"))], now=now)
    assert not overtaken(older, [(newer, Send(now + timedelta(minutes=1)))], now=now)


def after(amount, at="10:00"):
    return ReminderRule(kind=RuleKind.DAYS_AFTER, amount=amount, at_time=time.fromisoformat(at))


def test_thanks_come_days_after_the_end_and_rather_later_than_at_night():
    meeting = meeting_at("2027-01-24T10:00")

    assert planned(after(1), meeting) == "01-25 10:00"
    # 18:00 in Moscow is 03:00 in Kamchatka; there the next morning begins at 23:00 in Moscow,
    # and the first moment that is awake on both clocks is 08:00 in Moscow.
    assert planned(after(1, "18:00"), meeting, zone=KAMCHATKA) == "01-26 08:00"


def test_thanks_that_are_days_late_are_not_said():
    meeting = meeting_at("2027-01-24T10:00")

    def when(day):
        return planned(after(1), meeting, now=datetime(2027, 1, day, 11, tzinfo=MOSCOW))

    assert when(27) == "01-27 11:00"
    assert when(28) == TOO_LATE


def test_an_hour_before_is_on_time_for_ten_minutes_and_then_too_late():
    meeting = meeting_at("2027-01-24T14:00")

    def when(now):
        return planned(hours(1), meeting, now=datetime.fromisoformat(now).replace(tzinfo=MOSCOW))

    assert when("2027-01-24T13:05") == "01-24 13:00"
    assert when("2027-01-24T13:11") == TOO_CLOSE


def test_a_rule_that_names_a_moment_after_the_start_says_nothing():
    assert planned(days(0, "11:00"), meeting_at("2027-01-24T10:00")) == TOO_CLOSE


moments = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
rules = st.one_of(
    st.builds(
        lambda amount, at: ReminderRule(kind=RuleKind.DAYS_BEFORE, amount=amount, at_time=at),
        st.integers(0, 30),
        st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    ),
    st.builds(lambda n: ReminderRule(kind=RuleKind.HOURS_BEFORE, amount=n), st.integers(0, 72)),
)
zones = st.sampled_from(ZONES).map(ZoneInfo)


def is_awake(at, zone):
    return time(8) <= at.astimezone(zone).time() <= time(21)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    rule=rules,
    starts_at=moments,
    venue=zones,
    zone=st.none() | zones,
    confirmed_before=st.timedeltas(timedelta(hours=-2), timedelta(days=40)),
    now_before=st.timedeltas(timedelta(days=-1), timedelta(days=40)),
)
@example(
    rule=ReminderRule(kind=RuleKind.DAYS_BEFORE, amount=1, at_time=time(2, 30)),
    starts_at=datetime(2027, 3, 29, 8, tzinfo=UTC),
    venue=BERLIN,
    zone=ZoneInfo("America/New_York"),
    confirmed_before=timedelta(days=30),
    now_before=timedelta(days=20),
)
def test_whatever_the_rule_and_the_zones(
    rule, starts_at, venue, zone, confirmed_before, now_before
):
    meeting = Meeting(time_zone=venue.key, starts_at=starts_at, ends_at=starts_at)
    confirmed_at, now = starts_at - confirmed_before, starts_at - now_before
    own = zone or venue
    due_at = due(rule, meeting)

    decision = plan(rule=rule, meeting=meeting, zone=zone, confirmed_at=confirmed_at, now=now)

    if not isinstance(decision, Send):
        # Left out only where it was due too early or nothing useful is left.
        assert decision in (BEFORE_CONFIRMATION, TOO_CLOSE, TOO_LATE)
        if decision is BEFORE_CONFIRMATION:
            assert due_at < confirmed_at
        return
    assert is_awake(decision.at, own)
    assert decision.at >= confirmed_at
    assert decision.at >= now - GRACE
    assert decision.at < starts_at
    assert decision.at <= due_at or decision.at <= starts_at - MARGIN
    if decision.at <= due_at:
        # No later moment, of those a quarter of an hour apart, would have done as well.
        later = decision.at + timedelta(minutes=15)
        clocks = [own, venue] if is_awake(decision.at, venue) else [own]
        while later <= due_at:
            assert not all(is_awake(later, clock) for clock in clocks)
            later += timedelta(minutes=15)
    if due_at >= max(confirmed_at, now) and is_awake(due_at, own) and is_awake(due_at, venue):
        assert decision.at == due_at
    # Looking again at the planned moment finds the same moment.
    again = plan(
        rule=rule,
        meeting=meeting,
        zone=zone,
        confirmed_at=confirmed_at,
        now=max(now, decision.at),
    )
    assert again == decision
