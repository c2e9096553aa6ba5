"""The budget: monotonic, held by pauses, blind to a wall clock that is set."""

import time

import pytest

from xautolm_nb.parts import Budget


def test_a_wall_clock_that_is_set_does_not_move_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(seconds=100.0)
    budget.start()
    for jump in (-1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda jump=jump: jump)
        assert 0 <= budget.spent < 5
    assert 95 < budget.left <= 100


def test_what_was_spent_before_counts_and_a_second_start_changes_nothing() -> None:
    now = [0.0]
    budget = Budget(seconds=10.0, spent_before=4.0, clock=lambda: now[0])
    budget.start()
    now[0] = 1.0
    budget.start()
    now[0] = 3.0
    assert (budget.spent, budget.left) == (7.0, 3.0)
