"""Porter's stemmer (Porter 1980) with the later departures that `rouge-score` uses by way of NLTK.

Rules are tables of (ending, replacement); the longest ending that fits decides, and its condition says whether it is
replaced. Measure `m` counts the vowel-consonant sequences of a stem.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

_VOWELS = "aeiou"
_IRREGULAR = {
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news", "innings": "inning",
    "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning", "canning": "canning",
    "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
}  # fmt: skip
_STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
)  # fmt: skip
_STEP_3 = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
)  # fmt: skip
_STEP_4 = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
)  # fmt: skip


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Stem a lower-case English word; words of one or two letters stay."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 2:
        return word
    for step in (_plural, _past, _final_y, _derived, _derived_again, _long_ending, _final_e):
        word = step(word)
    return word


def _pattern(word: str) -> str:
    """The word as consonants `c` and vowels `v`; a y is a vowel after a consonant."""
    marks = ""
    for index, letter in enumerate(word):
        vowel = letter in _VOWELS or (letter == "y" and index > 0 and marks[-1] == "c")
        marks += "v" if vowel else "c"
    return marks


def _measure(word: str) -> int:
    return len(re.findall("v+c+", _pattern(word)))


def _has_vowel(word: str) -> bool:
    return "v" in _pattern(word)


def _is_short(word: str) -> bool:
    """Whether it ends consonant, vowel, consonant (not w, x, y), or is a vowel and a consonant."""
    marks = _pattern(word)
    return (marks.endswith("cvc") and word[-1] not in "wxy") or marks == "vc"


def _plural(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    for ending, new in (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")):
        if word.endswith(ending):
            return word[: -len(ending)] + new
    return word


def _past(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        if word.endswith(ending) and _has_vowel(word[: -len(ending)]):
            return _mend(word[: -len(ending)])
    return word


def _mend(word: str) -> str:
    """Give a stem back what `-ed` or `-ing` took or doubled."""
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if len(word) > 1 and word[-1] == word[-2] and _pattern(word)[-1] == "c":
        return word if word[-1] in "lsz" else word[:-1]
    return word + "e" if _measure(word) == 1 and _is_short(word) else word


def _final_y(word: str) -> str:
    before = word[:-1]
    if word.endswith("y") and len(before) > 1 and _pattern(before)[-1] == "c":
        return before + "i"
    return word


def _derived(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _derived(word[:-4] + "al")
    if word.endswith("logi") and _measure(word[:-3]) > 0:
        return word[:-1]
    return _replace(word, _STEP_2, lambda before: _measure(before) > 0)


def _derived_again(word: str) -> str:
    return _replace(word, _STEP_3, lambda before: _measure(before) > 0)


def _long_ending(word: str) -> str:
    for ending in sorted(_STEP_4, key=len, reverse=True):
        if word.endswith(ending):
            before = word[: -len(ending)]
            allowed = ending != "ion" or before.endswith(("s", "t"))
            return before if _measure(before) > 1 and allowed else word
    return word


def _final_e(word: str) -> str:
    if word.endswith("e"):
        before = word[:-1]
        if _measure(before) > 1 or (_measure(before) == 1 and not _is_short(before)):
            word = before
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


def _replace(word: str, rules: Sequence[tuple[str, str]], condition: Callable[[str], bool]) -> str:
    for ending, new in sorted(rules, key=lambda rule: len(rule[0]), reverse=True):
        if word.endswith(ending):
            before = word[: -len(ending)]
            return before + new if condition(before) else word
    return word
