"""Objects are closed and complete."""

import msgspec
import pytest

from xautolm_nb.core.study import StudyState
from xautolm_nb.core.trial import TrialState
from xautolm_nb.jupyter import objects
from xautolm_nb.jupyter.objects import Plain

KINDS = [kind for kind in vars(objects).values() if isinstance(kind, type) and issubclass(kind, Plain)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_object_has_neither_defaults_nor_room_for_more(kind: type[Plain]) -> None:
    assert not kind.__struct_defaults__
    with pytest.raises(msgspec.ValidationError, match=r"unknown field `html`|missing required"):
        msgspec.convert({"html": "<b>"}, kind)


def test_the_states_are_those_of_studies_and_trials() -> None:
    assert {state.value for state in StudyState} == set(objects.State.__args__)  # type: ignore[attr-defined]
    assert {state.value for state in TrialState} == set(objects.RowState.__args__)  # type: ignore[attr-defined]


def test_a_count_is_not_negative() -> None:
    with pytest.raises(msgspec.ValidationError, match="count"):
        msgspec.convert({"label": "a", "count": -1}, objects.ClassCount)
