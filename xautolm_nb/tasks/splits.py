"""Seeded, stratified splits that keep what belongs together on one side."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.errors import TaskError

Rows = NDArray[np.int64]


def cut_split(classes: NDArray[np.int64], units: NDArray[np.int64], share: float, *, seed: int) -> tuple[Rows, Rows]:
    """Cut off a share of the rows, every class in proportion, no unit on both sides.

    Units of several rows (a group of the user's, or one text with two labels) go first, in random order, each to the
    cut while that brings its class counts nearer to their quotas; single rows then fill the quotas exactly. The quota
    of a class is its share of rows, at least one and leaving at least one.

    Args:
        classes: Class index of each row, shape `(n,)`; every class has at least two rows.
        units: Number of the unit each row belongs to, shape `(n,)`.
        share: Share of rows to cut off, in (0, 1).
        seed: The same arguments give the same rows.

    Returns:
        Rows that stay and rows that are cut off, both in rising order.

    Raises:
        TaskError: A class lies in units that cannot be shared out to both sides.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(classes)
    quota = np.where(counts > 0, np.clip(np.round(share * counts), 1, np.maximum(counts - 1, 1)), 0).astype(np.int64)
    cut = np.zeros(len(classes), dtype=bool)
    sizes = np.bincount(units)
    rows_of = np.split(np.argsort(units, kind="stable"), np.cumsum(sizes)[:-1])
    for unit in rng.permutation(np.flatnonzero(sizes > 1)):
        rows = rows_of[unit]
        added = np.bincount(classes[rows], minlength=len(counts))
        if np.abs(quota - added).sum() < np.abs(quota).sum():
            cut[rows] = True
            quota -= added
    single = sizes[units] == 1
    for index in np.flatnonzero(quota > 0):
        rows = np.flatnonzero(single & (classes == index))
        cut[rng.permutation(rows)[: quota[index]]] = True
    _require_both_sides(classes, cut)
    return np.flatnonzero(~cut), np.flatnonzero(cut)


def connect(*keys: Sequence[Hashable]) -> NDArray[np.int64]:
    """Number the units of rows that share a value in any of the keys, directly or through other rows.

    Args:
        keys: Each of length `n`, such as the texts and the user's groups.

    Returns:
        Unit numbers from 0, shape `(n,)`, in order of first appearance.
    """
    parent = list(range(len(keys[0])))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for values in keys:
        first: dict[Hashable, int] = {}
        for row, value in enumerate(values):
            left, right = sorted((root(first.setdefault(value, row)), root(row)))
            parent[right] = left
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(row), len(numbers)) for row in range(len(parent))], dtype=np.int64)


def cap_rows(classes: NDArray[np.int64], most: int, *, seed: int) -> Rows:
    """Choose at most `most` rows, every class in proportion and with at least one row; all rows when they fit.

    Raises:
        TaskError: There are more classes than rows allowed.
    """
    n, present = len(classes), np.unique(classes)
    if most >= n:
        return np.arange(n)
    if most < len(present):
        raise TaskError(
            f"max_rows must leave at least one row for each of the {len(present)} classes, but is {most}.",
            hint=f"Use max_rows={10 * len(present)} or more.",
        )
    rng = np.random.default_rng(seed)
    first = np.array([rng.choice(np.flatnonzero(classes == index)) for index in present])
    rest = np.setdiff1d(np.arange(n), first)
    shuffled = rng.permutation(rest)
    # Place within the own class, as a share of it: taking the smallest takes every class in proportion.
    order = np.empty(len(shuffled))
    for index in present:
        mine = classes[shuffled] == index
        order[mine] = (np.arange(mine.sum()) + 1.5) / (classes == index).sum()
    chosen = shuffled[np.argsort(order, kind="stable")[: most - len(first)]]
    return np.sort(np.concatenate([first, chosen]))


def _require_both_sides(classes: NDArray[np.int64], cut: NDArray[np.bool_]) -> None:
    missing = np.setdiff1d(classes, classes[cut])
    absent = np.setdiff1d(classes, classes[~cut])
    if len(missing) or len(absent):
        lost = np.concatenate([missing, absent])
        raise TaskError(
            f"{len(lost)} classes lie in too few groups to be in every split without sharing a group.",
            hint="Use a group column with more groups a class, or give the validation and test data yourself.",
        )
