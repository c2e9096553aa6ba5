"""A proposal says what, how far and why."""

from xautolm_nb.core.proposal import Influence, Proposal
from xautolm_nb.core.serial import from_json, to_json


def test_a_proposal_survives_writing_and_reading() -> None:
    proposal = Proposal(
        config={"model": "m", "epochs": 3}, fidelity=0.5, thaw=2, expected={"score": 0.7}, reason="promising",
        influences=(Influence(experience="abc", weight=-0.5),),
    )  # fmt: skip
    assert from_json(to_json(proposal), Proposal) == proposal


def test_without_a_number_to_thaw_it_starts_something_new() -> None:
    assert Proposal(config={}, fidelity=1.0).thaw is None
