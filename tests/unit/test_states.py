from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, filterfalse, permutations

import pytest

from oscar_vipps.payments.states import TRANSITIONS, Fact, State, path

#: What each fact alone makes of each state; "-" where it is no news.
TABLE = """
                OPENED   AUTHORIZED   CAPTURED   SESSION_EXPIRED   GIVEN_UP    RELEASED
    created     open     authorized   captured   expired           cancelled   -
    open        -        authorized   captured   expired           cancelled   -
    authorized  -        -            captured   -                 -           cancelled
    captured    -        -            -          -                 -           -
    cancelled   -        -            -          -                 -           -
    expired     -        -            -          -                 -           -
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


def is_contradictory(facts: Facts) -> bool:
    """What can't all be true at Stripe: a session is paid or ends, and ends in one way; what was captured
    isn't released."""
    return bool(facts & ENDS and facts & MONEY) or facts >= ENDS or facts >= {Fact.CAPTURED, Fact.RELEASED}


def heard(state: State, news: Iterable[set[Fact]], kept: set[Fact]) -> list[State]:
    """The states that are entered when ``news`` come one after the other, each added to what is ``kept``."""
    known: set[Fact] = set()
    entered = []
    for facts in news:
        steps = path(state, known | facts)
        entered += steps
        state = steps[-1] if steps else state
        known |= facts & kept
    return entered


def last(state: State, entered: list[State]) -> State:
    return [state, *entered][-1]


def test_the_table_has_every_state_and_every_fact() -> None:
    assert [row[0] for row in ROWS] == State.values
    assert [fact.name for fact in Fact] == HEADER
    assert len(CELLS) == len(State) * len(Fact)


@pytest.mark.parametrize(("state", "fact", "following"), CELLS)
def test_each_fact_in_each_state(state: str, fact: str, following: str) -> None:
    expected = None if following == "-" else State(following)
    assert TRANSITIONS.get((State(state), Fact[fact])) == expected
    assert path(State(state), {Fact[fact]}) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("state", "facts", "expected"),
    [
        ("open", "", ""),
        ("created", "OPENED CAPTURED", "open captured"),
        ("created", "CAPTURED AUTHORIZED OPENED", "open authorized captured"),
        ("created", "RELEASED AUTHORIZED OPENED", "open authorized cancelled"),
        ("created", "SESSION_EXPIRED OPENED", "open expired"),
        ("created", "GIVEN_UP RELEASED OPENED", "open cancelled"),
        ("open", "RELEASED", ""),
        # Money wins over all that is heard together with it.
        ("open", "SESSION_EXPIRED CAPTURED", "captured"),
        ("open", "GIVEN_UP AUTHORIZED", "authorized"),
        ("open", "RELEASED CAPTURED", "captured"),
        ("authorized", "RELEASED CAPTURED", "captured"),
        ("expired", "OPENED AUTHORIZED CAPTURED", ""),
        ("cancelled", "OPENED AUTHORIZED CAPTURED", ""),
    ],
)
def test_each_state_on_the_way_is_entered_in_turn(state: str, facts: str, expected: str) -> None:
    known = [Fact[name] for name in facts.split()]
    assert path(State(state), known) == path(State(state), known[::-1]) == expected.split()


@pytest.mark.parametrize("kept", [set(Fact), KEPT], ids=["all is kept", "a session's end is not kept"])
@pytest.mark.parametrize("state", State)
def test_in_whatever_order_facts_are_heard_the_state_is_the_same(state: State, kept: set[Fact]) -> None:
    for facts in filterfalse(is_contradictory, SUBSETS):
        expected = last(state, path(state, facts))
        for order in permutations(facts):
            assert last(state, heard(state, [{fact} for fact in order], kept)) == expected, order


@pytest.mark.parametrize("state", State)
def test_in_whatever_order_facts_are_heard_they_leave_the_same_history(state: State) -> None:
    for facts in filterfalse(is_contradictory, SUBSETS):
        news = [{fact} for fact in facts]
        if Fact.CAPTURED in facts:
            # Money that was captured was reserved before, and Stripe's facts always say both.
            news = [{Fact.CAPTURED, Fact.AUTHORIZED} if Fact.CAPTURED in each else each for each in news]
        expected = worth_telling(path(state, set().union(*news)))
        for order in permutations(news):
            assert worth_telling(heard(state, order, KEPT)) == expected, order


def worth_telling(entered: list[State]) -> list[State]:
    """Without OPEN, which changes neither order nor books: a session may be heard of after its money."""
    return [state for state in entered if state != State.OPEN]


@pytest.mark.parametrize("state", State)
def test_facts_that_are_heard_again_are_no_news(state: State) -> None:
    for facts in SUBSETS:
        reached = last(state, path(state, facts))
        assert path(reached, facts if not is_contradictory(facts) else facts & KEPT) == []


@pytest.mark.parametrize("state", State)
def test_nothing_leads_out_of_a_final_state_whatever_is_heard(state: State) -> None:
    for facts in SUBSETS:
        for order in permutations(facts):
            entered = [state, *heard(state, [{fact} for fact in order], KEPT)]
            assert not FINAL.intersection(entered[:-1])
            assert len(set(entered)) == len(entered), "a state was entered twice"


@pytest.mark.parametrize("money", [Fact.AUTHORIZED, Fact.CAPTURED])
@pytest.mark.parametrize("end", [Fact.SESSION_EXPIRED, Fact.GIVEN_UP])
def test_of_money_and_an_end_that_are_heard_apart_the_first_decides(end: Fact, money: Fact) -> None:
    """Goods that were promised stay promised; what was given back isn't promised again."""
    assert heard(State.OPEN, [{end}, {money}], KEPT) == path(State.OPEN, {end})
    assert heard(State.OPEN, [{money}, {end}], KEPT) == path(State.OPEN, {money})
