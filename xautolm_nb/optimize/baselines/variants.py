"""The named warm-start variants of the paper and the grammar of their names (XAutoLM 5.8)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from xautolm_nb.core.errors import RequestError

Rate = Literal["no", "fixed", "adaptive"]
DistanceName = Literal["none", "cosine", "euclidean"]
Utility = Literal["weighted_sum", "linear_front", "logarithmic_front"]
Level = Literal["low", "moderate", "high"]
Prior = Literal["LIAR", "median", "max"]

T = TypeVar("T")

_POSITIVES: Mapping[str, Rate] = {"no-pos": "no", "f-pos": "fixed", "a-pos": "adaptive"}
_NEGATIVES: Mapping[str, Rate] = {"no-neg": "fixed", "f-neg": "fixed", "a-neg": "adaptive"}
"""The released parser turns negatives on for every word with `neg` in it, also for `no-neg`."""
_DISTANCES: Mapping[str, DistanceName] = {"cos": "cosine", "euc": "euclidean"}
_UTILITIES: Mapping[str, Utility] = {
    "weighted_sum": "weighted_sum",
    "linear_front": "linear_front",
    "logarithmic_front": "logarithmic_front",
}
_WORDS = (*_POSITIVES, *_NEGATIVES, *_DISTANCES, *_UTILITIES)
_NUMBER = re.compile(r"k=\d+(\.\d+)?|seed_\d+")
_SILENT = re.compile(r"F1\+Time|.*warmstart")
"""The objectives and, in the names of the store, the data set; they set nothing."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One setting of the warm start."""

    name: str
    positives: Rate = "no"
    negatives: Rate = "no"
    distance: DistanceName = "none"
    beta_scale: float = 0.0
    """0 makes every distance count the same."""
    utility: Utility = "weighted_sum"
    seed: int = 42


def parse_variant(name: str) -> Variant:
    """Read a variant's name, such as `(f-pos cos k=0.5)[F1+Time][linear_front] (seed_42)`.

    Brackets, the objectives and the seed may be left out. Without a word on positives or negatives there are none;
    `no-neg` means fixed negatives, as the released parser reads it. Without `k=` the scale of the kernel is 0.

    Raises:
        RequestError: A word is not part of the grammar, or no word is on positives or negatives.
    """
    words = [word for word in re.split(r"[\s,()\[\]]+", name) if word and not _SILENT.fullmatch(word)]
    unknown = [word for word in words if word not in _WORDS and not _NUMBER.fullmatch(word)]
    if unknown or not any(word in _POSITIVES or word in _NEGATIVES for word in words):
        raise RequestError(
            f"A warm-start variant expects a word on positives or negatives, but got '{name}'"
            + (f" with the unknown words {unknown}." if unknown else "."),
            hint=f"The words are {', '.join(_WORDS)}, k=<number> and seed_<number>.",
        )
    return Variant(
        name=name,
        positives=_last(_POSITIVES, words, "no"),
        negatives=_last(_NEGATIVES, words, "no"),
        distance=_last(_DISTANCES, words, "none"),
        beta_scale=_number("k=", words, 0.0),
        utility=_last(_UTILITIES, words, "weighted_sum"),
        seed=int(_number("seed_", words, 42.0)),
    )


def _last(table: Mapping[str, T], words: Sequence[str], default: T) -> T:
    """What the last word of a table's sets."""
    return [default, *(table[word] for word in words if word in table)][-1]


def _number(prefix: str, words: Sequence[str], default: float) -> float:
    return [default, *(float(word.removeprefix(prefix)) for word in words if word.startswith(prefix))][-1]


_NO_A_EUC_LINEAR = "(no-pos a-neg euc k=0.5)[F1+Time][linear_front]"
_NO_F_EUC_LINEAR = "(no-pos f-neg euc k=0.5)[F1+Time][linear_front]"
_A_NO_COS_LINEAR = "(a-pos no-neg cos k=0.5)[F1+Time][linear_front]"
_F_A_LOG = "(f-pos a-neg)[F1+Time][logarithmic_front]"
_F_F_LOG = "(f-pos f-neg)[F1+Time][logarithmic_front]"

_CLASSIFICATION = ("liar", "sst2", "meld", "ag_news")
_ROWS: Mapping[tuple[Level, Prior], tuple[str, str, str, str]] = {
    ("low", "LIAR"): ("(f-pos cos k=0.5)[F1+Time]",) * 4,
    ("low", "median"): (_NO_A_EUC_LINEAR,) * 4,
    ("low", "max"): ("(no-pos a-neg)[F1+Time][weighted_sum]",) * 4,
    ("moderate", "LIAR"): ("(f-pos a-neg)[F1+Time]",) * 4,
    ("moderate", "median"): (
        "(a-pos a-neg euc k=0.5)[F1+Time][weighted_sum]",
        "(a-pos no-neg euc k=0.5)[F1+Time][linear_front]",
        _A_NO_COS_LINEAR,
        _A_NO_COS_LINEAR,
    ),
    ("moderate", "max"): (
        "(no-pos f-neg cos k=0.5)[F1+Time][weighted_sum]",
        _F_A_LOG,
        "(no-pos f-neg euc k=1)[F1+Time][weighted_sum]",
        _F_A_LOG,
    ),
    ("high", "LIAR"): ("(f-pos f-neg)[F1+Time]",) * 4,
    ("high", "median"): (
        _NO_F_EUC_LINEAR,
        "(a-pos f-neg euc k=0.5)[F1+Time][weighted_sum]",
        _NO_F_EUC_LINEAR,
        _NO_F_EUC_LINEAR,
    ),
    ("high", "max"): (
        "(f-pos f-neg)[F1+Time][weighted_sum]",
        "(no-pos f-neg cos k=0.5)[F1+Time][weighted_sum]",
        _F_F_LOG,
        "(no-pos f-neg)[F1+Time][weighted_sum]",
    ),
}
_GENERATION: Mapping[tuple[str, Level], str] = {
    ("squad", "low"): "(a-pos no-neg)[F1+Time][weighted_sum]",
    ("squad", "moderate"): "(a-pos f-neg cos k=0.5)[F1+Time][weighted_sum]",
    ("squad", "high"): "(a-pos f-neg)[F1+Time][logarithmic_front]",
    ("drop", "low"): "(a-pos no-neg cos k=0.5)[F1+Time][logarithmic_front]",
    ("drop", "moderate"): _F_F_LOG,
    ("drop", "high"): "(a-pos f-neg)[F1+Time][linear_front]",
}
NAMES: Mapping[tuple[str, Level, Prior], str] = {
    **{(task, *row): name for row, names in _ROWS.items() for task, name in zip(_CLASSIFICATION, names, strict=True)},
    **{(task, level, "max"): name for (task, level), name in _GENERATION.items()},
}
"""Task, level and prior to the name of the variant that the paper ran there: 36 for classification, 6 for QA."""

VARIANTS: Mapping[str, Variant] = {name: parse_variant(name) for name in NAMES.values()}
"""Every distinct variant of the paper by its name."""


def variant_for(task: str, level: Level, prior: Prior) -> Variant:
    """The variant that the paper ran on a task.

    Args:
        task: `liar`, `sst2`, `meld` or `ag_news`; `squad` or `drop`, which have the prior `max` only.
        level: How far the prior is from uniform.
        prior: `LIAR` is one setting chosen on LIAR, `median` and `max` are chosen by the shift of the prior.

    Raises:
        RequestError: The paper has no such run.
    """
    name = NAMES.get((task, level, prior))
    if name is None:
        tasks = ", ".join(dict.fromkeys(own for own, _, _ in NAMES))
        raise RequestError(
            f"The paper has no variant {level}-{prior} on '{task}'.",
            hint=f"Tasks are {tasks}; the last two have the prior 'max' only.",
        )
    return VARIANTS[name]
