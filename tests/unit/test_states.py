from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations, permutations

import pytest

from oscar_vipps.payments.states import TRANSITIONS, Fact, State, path

#: What each fact alone makes of each state; "-" where it is no news.
TABLE = """
                OPENED   AUTHORIZED   CAPTURED   SESSION_EXPIRED   GIVEN_UP    RELEASED
    CREATED     OPEN     AUTHORIZED   CAPTURED   EXPIRED           CANCELLED   -
    OPEN        -        AUTHORIZED   CAPTURED   EXPIRED           CANCELLED   -
    AUTHORIZED  -        -            CAPTURED   -                 -           CANCELLED
    CAPTURED    -        -            -          -                 -           -
    CANCELLED   -        -            -          -                 -           -
    EXPIRED     -        -            -          -                 -           -
"""
HEADER, *ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [(row[0], fact, cell) for row in ROWS for fact, cell in zip(HEADER, row[1:])]

FINAL = {State.CAPTURED, State.CANCELLED, State.EXPIRED}
MONEY = {Fact.AUTHORIZED, Fact.CAPTURED}
ENDS = {Fact.SESSION_EXPIRED, Fact.GIVEN_UP}
#: Once heard, a payment's row knows these for ever; that a session ended is known at that moment only.
KEPT = set(Fact) - ENDS

Facts = frozenset[Fact]
SUBSETS: list[Facts] = [
    frozenset(chosen) for size in range(len(Fact) + 1) for chosen in combinations(Fact, size)
]


def is_contradictory(state: State, facts: Facts) -> bool:
    """What can't all be true at Stripe: a session is paid or ends, and ends in one way; what was captured
    isn't released."""
    money = facts & MONEY or state == State.AUTHORIZED
    return (
        bool(facts & ENDS and facts & MONEY) or ENDS <= facts or bool(money and {*facts} >= CAPTURED_RELEASED)
    )


CAPTURED_RELEASED = {Fact.CAPTURED, Fact.RELEASED}


def heard_one_by_one(state: State, order: Iterable[Fact], kept: set[Fact]) -> list[State]:
    """The states that are entered when facts are heard in ``order``, and added to those that are ``kept``."""
    known: set[Fact] = set()
    entered = []
    for fact in order:
        steps = path(state, {*known, fact})
        entered += steps
        state = steps[-1] if steps else state
        known |= {fact} & kept
    return entered


def last(state: State, entered: list[State]) -> State:
    return [state, *entered][-1]


def test_the_table_has_every_state_and_every_fact() -> None:
    assert [row[0] for row in ROWS] == [state.name for state in State]
    assert [fact.name for fact in Fact] == HEADER
    assert len(CELLS) == len(State) * len(Fact)


@pytest.mark.parametrize(("state", "fact", "following"), CELLS)
def test_each_fact_in_each_state(state: str, fact: str, following: str) -> None:
    expected = [] if following == "-" else [State[following]]
    assert path(State[state], {Fact[fact]}) == expected
    assert TRANSITIONS.get((State[state], Fact[fact])) == next(iter(expected), None)


@pytest.mark.parametrize("state", State)
def test_no_facts_change_nothing(state: State) -> None:
    assert path(state, set()) == []


@pytest.mark.parametrize(
    ("state", "facts", "expected"),
    [
        ("CREATED", "OPENED CAPTURED", "OPEN CAPTURED"),
        ("CREATED", "CAPTURED AUTHORIZED OPENED", "OPEN AUTHORIZED CAPTURED"),
        ("CREATED", "RELEASED AUTHORIZED OPENED", "OPEN AUTHORIZED CANCELLED"),
        ("CREATED", "SESSION_EXPIRED OPENED", "OPEN EXPIRED"),
        ("CREATED", "GIVEN_UP RELEASED OPENED", "OPEN CANCELLED"),
        ("OPEN", "RELEASED", ""),
        # Money wins over all that is heard together with it.
        ("OPEN", "SESSION_EXPIRED CAPTURED", "CAPTURED"),
        ("OPEN", "GIVEN_UP AUTHORIZED", "AUTHORIZED"),
        ("OPEN", "RELEASED CAPTURED", "CAPTURED"),
        ("AUTHORIZED", "RELEASED CAPTURED", "CAPTURED"),
        ("EXPIRED", "OPENED AUTHORIZED CAPTURED", ""),
        ("CANCELLED", "OPENED AUTHORIZED CAPTURED", ""),
    ],
)
def test_each_state_on_the_way_is_entered_in_turn(state: str, facts: str, expected: str) -> None:
    known = [Fact[name] for name in facts.split()]
    wanted = [State[name] for name in expected.split()]
    assert path(State[state], known) == path(State[state], known[::-1]) == wanted


@pytest.mark.parametrize("kept", [set(Fact), KEPT], ids=["all is kept", "a session's end is not kept"])
@pytest.mark.parametrize("state", State)
def test_in_whatever_order_facts_are_heard_the_state_is_the_same(state: State, kept: set[Fact]) -> None:
    for facts in SUBSETS:
        if is_contradictory(state, facts):
            continue
        expected = last(state, path(state, facts))
        for order in permutations(facts):
            assert last(state, heard_one_by_one(state, order, kept)) == expected, order


@pytest.mark.parametrize("state", State)
def test_facts_that_are_heard_again_are_no_news(state: State) -> None:
    for facts in SUBSETS:
        reached = last(state, path(state, facts))
        assert path(reached, facts & KEPT) == []
        if not is_contradictory(state, facts):
            assert path(reached, facts) == []


@pytest.mark.parametrize("state", State)
def test_in_whatever_order_facts_are_heard_they_leave_the_same_history(state: State) -> None:
    """Captured money was reserved before, and says so: the shop's books and notes then read the same."""
    for facts in SUBSETS:
        if is_contradictory(state, facts) or (Fact.CAPTURED in facts and Fact.AUTHORIZED not in facts):
            continue
        expected = path(state, facts)
        for order in permutations(facts - {Fact.AUTHORIZED} if Fact.CAPTURED in facts else facts):
            with_money = chain.from_iterable(
                (Fact.AUTHORIZED, fact) if fact == Fact.CAPTURED else (fact,) for fact in order
            )
            entered = heard_one_by_one(state, with_money, KEPT)
            # A session that is heard of after its money is nothing that anybody is told.
            assert [each for each in entered if each != State.OPEN] == [
                each for each in expected if each != State.OPEN
            ], order


@pytest.mark.parametrize("state", State)
def test_nothing_leads_out_of_a_final_state_whatever_is_heard(state: State) -> None:
    for facts in SUBSETS:
        for order in permutations(facts):
            entered = [state, *heard_one_by_one(state, order, KEPT)]
            assert not FINAL.intersection(entered[:-1])
            assert len(set(entered)) == len(entered), "no state is entered twice"


@pytest.mark.parametrize("money", MONEY)
@pytest.mark.parametrize("end", ENDS)
def test_of_money_and_an_end_that_are_heard_apart_the_first_decides(end: Fact, money: Fact) -> None:
    """Goods that were promised stay promised; what was given back can't be promised again unasked."""
    assert heard_one_by_one(State.OPEN, [end, money], KEPT) == path(State.OPEN, {end})
    assert heard_one_by_one(State.OPEN, [money, end], KEPT) == path(State.OPEN, {money})
