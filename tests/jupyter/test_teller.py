"""One study is told at a bounded rate, the latest of each kind, and all of it to whoever begins to look."""

from collections.abc import Iterator

import pytest
from listener import Listener

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.jupyter.teller import HEARTBEAT_SECONDS, QUIET_SECONDS, Teller
from xautolm_nb.session import Session


class World:
    """A teller on a clock of its own, and what it told."""

    def __init__(self, session: Session) -> None:
        self.now = 0.0
        self.listener = Listener()
        self.teller = Teller(session, self.listener, wake=lambda: None, clock=lambda: self.now)

    def tell(self, *, quiet: bool = False) -> list[str]:
        """Kinds of the events that one call tells."""
        self.listener.heard.clear()
        self.teller.tell(quiet=quiet)
        return self.listener.kinds()


@pytest.fixture
def world(session: Session) -> Iterator[World]:
    made = World(session)
    yield made
    made.teller.close()


def test_all_is_told_at_first_then_only_what_is_new(world: World) -> None:
    assert world.tell() == ["study", "charts", "device"]
    assert world.tell() == []
    assert not world.teller.has_more
    world.teller.reload()
    assert world.teller.has_more and world.tell() == ["study", "charts", "device"]


def test_signs_of_life_are_rare_when_nobody_listens(world: World) -> None:
    world.tell()
    world.now = HEARTBEAT_SECONDS
    assert world.tell() == ["study", "device"]
    world.now += HEARTBEAT_SECONDS
    assert world.tell(quiet=True) == []
    world.now += QUIET_SECONDS
    assert world.tell(quiet=True) == ["study", "device"]


def test_a_trial_that_came_back_is_told_at_once_and_ends_its_progress(world: World, session: Session) -> None:
    world.tell()
    world.teller._feed._receive(TrialProgress(number=0, phase="train", step=1, total=2, fidelity=0.5))
    session.start().wait(60)
    kinds = world.tell(quiet=True)
    assert kinds.count("trial") == 2 and kinds[-1] == "finished" and "progress" not in kinds
    assert not world.teller.is_live


def test_the_machine_is_told_with_the_study_whose_energy_it_is(world: World, session: Session) -> None:
    world.tell()
    assert [event["study"] for event in world.listener.heard if event["type"] == "device"] == [session.id]


def test_each_of_the_trials_that_run_beside_each_other_is_told_of(world: World) -> None:
    world.tell()
    for number, step in ((3, 1), (2, 1), (3, 2)):
        progress = TrialProgress(number=number, phase="train", step=step, total=9, fidelity=0.1)
        world.teller._feed._receive(progress)
    assert world.tell() == ["progress", "progress"]
    told = [event["progress"] for event in world.listener.heard]
    assert [(progress["number"], progress["step"]) for progress in told] == [(2, 1), (3, 2)]
