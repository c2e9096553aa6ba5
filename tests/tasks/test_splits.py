import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks.splits import cap_rows, connect, cut_split


def alone(rows: int) -> np.ndarray:
    return np.arange(rows)


@pytest.mark.parametrize(("share", "cut_counts"), [(0.2, [16, 4]), (0.05, [4, 1]), (0.01, [1, 1]), (0.9, [72, 18])])
def test_classes_are_cut_in_proportion_with_at_least_one_row(share: float, cut_counts: list[int]) -> None:
    classes = np.array([0] * 80 + [1] * 20)
    stay, cut = cut_split(classes, alone(100), share, seed=0)
    assert np.bincount(classes[cut]).tolist() == cut_counts
    assert sorted([*stay, *cut]) == list(range(100))


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    classes = np.arange(100) % 3
    cuts = [cut_split(classes, alone(100), 0.2, seed=seed)[1].tolist() for seed in (0, 0, 1)]
    assert cuts[0] == cuts[1] != cuts[2]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), min_size=60, max_size=120), st.integers(0, 5))
def test_no_group_is_on_both_sides(rows: list[tuple[int, int]], seed: int) -> None:
    classes, groups = (np.array(column) for column in zip(*rows, strict=True))
    units = connect(groups.tolist())
    try:
        stay, cut = cut_split(classes, units, 0.25, seed=seed)
    except TaskError:
        return
    assert not set(groups[stay]) & set(groups[cut])
    assert set(classes) == set(classes[stay]) == set(classes[cut])


def test_groups_are_cut_near_the_wanted_share() -> None:
    rng = np.random.default_rng(0)
    classes, groups = rng.integers(0, 3, 2000), rng.integers(0, 60, 2000)
    _, cut = cut_split(classes, connect(groups.tolist()), 0.2, seed=0)
    assert len(cut) == pytest.approx(400, abs=40)
    assert np.bincount(classes[cut]) / len(cut) == pytest.approx(np.bincount(classes) / 2000, abs=0.05)


def test_a_class_in_one_group_cannot_be_split() -> None:
    classes, groups = np.array([0] * 10 + [1] * 10), [*range(10), *["one"] * 10]
    with pytest.raises(TaskError, match="too few groups"):
        cut_split(classes, connect(groups), 0.2, seed=0)


def test_rows_connect_through_any_shared_value() -> None:
    #                 0    1    2    3    4       by text      by group
    units = connect(["a", "b", "a", "c", "d"], ["x", "y", "y", "z", "w"])
    assert units.tolist() == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("most", [3, 10, 50, 99])
def test_a_cap_keeps_classes_in_proportion(most: int) -> None:
    classes = np.array([0] * 60 + [1] * 30 + [2] * 10)
    counts = np.bincount(classes[cap_rows(classes, most, seed=0)], minlength=3)
    assert counts.sum() == most
    assert (counts >= 1).all()
    assert np.abs(counts - most * np.array([0.6, 0.3, 0.1])).max() <= 1.5


def test_a_cap_above_the_rows_keeps_all() -> None:
    assert cap_rows(np.array([0, 1, 0]), 10, seed=0).tolist() == [0, 1, 2]


def test_a_cap_below_the_classes_is_refused() -> None:
    with pytest.raises(TaskError, match="3 classes, but is 2"):
        cap_rows(np.array([0, 1, 2, 2]), 2, seed=0)
