"""The crew: trials run beside each other, come back as they end, and all end when they are called back."""

import threading
import time

import pytest
from hall import Hall
from worlds import task

from xautolm_nb.core.events import Event, StudyMessage
from xautolm_nb.core.trial import Outcome, Trial
from xautolm_nb.crew import Crew, in_turn


def trial(number: int) -> Trial:
    return Trial(number=number, config={}, seed=0)


def make_crew(hall: Hall, size: int = 2) -> Crew:
    return Crew(hall, task(), size=size, emit=lambda event: None)


def test_trials_run_beside_each_other_and_the_first_that_ends_comes_back_first() -> None:
    hall = Hall()
    crew = make_crew(hall)
    for number in (0, 1):
        crew.hand_over(trial(number), lambda: False)
    hall.wait_for(0, 1)
    assert (crew.room, crew.is_idle) == (0, False)
    hall.let_go(1, Outcome(fidelity=1.0))
    assert [(ended.number, outcome.fidelity) for ended, outcome in crew.ended()] == [(1, 1.0)]
    assert crew.room == 1
    hall.let_go(0, Outcome(fidelity=0.5))
    assert [ended.number for ended, _ in crew.ended()] == [0]
    assert crew.is_idle


def test_an_idle_crew_has_nothing_to_wait_for() -> None:
    crew = make_crew(Hall())
    assert list(crew.ended()) == [] and list(crew.recall()) == []


def test_a_trial_ends_when_its_own_rule_says_so_and_the_other_goes_on() -> None:
    hall = Hall()
    crew, ends = make_crew(hall), threading.Event()
    crew.hand_over(trial(0), lambda: False)
    crew.hand_over(trial(1), ends.is_set)
    hall.wait_for(0, 1)
    ends.set()
    assert [ended.number for ended, _ in crew.ended()] == [1]
    assert hall.at_work == {0}
    list(crew.recall())


def test_a_bug_of_the_runner_is_raised_in_the_search_and_what_else_came_back_is_still_there() -> None:
    hall = Hall()
    crew = make_crew(hall, size=3)
    for number in (0, 1, 2):
        crew.hand_over(trial(number), lambda: False)
    hall.let_go(0, ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        next(crew.ended())
    hall.let_go(1, Outcome(fidelity=1.0))
    hall.wait_for(2)
    assert {ended.number: outcome.fidelity for ended, outcome in crew.recall()} == {1: 1.0, 2: Hall.CUT_OFF}
    assert crew.is_idle


def test_threads_emit_one_after_the_other() -> None:
    inside, most = 0, 0

    def emit(event: Event) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.002)
        inside -= 1

    emit_alone = in_turn(emit)
    threads = [
        threading.Thread(target=lambda: [emit_alone(StudyMessage(message="")) for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == 1
