from collections.abc import Callable
from pathlib import Path
from types import ModuleType

WHOLE = "{n}.json\ttrue\tSome statement {n}.\tcontext {n}\n"


def test_a_quotation_mark_that_is_not_closed_swallows_the_rows_up_to_the_next(
    load: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    rows = [WHOLE.format(n=n) for n in range(6)]
    rows[1] = '1.json\ttrue\t"Begun and not ended.\tcontext 1\n'
    rows[3] = '3.json\ttrue\tSome statement 3.\tand now it "ends" here\n'
    path = tmp_path / "train.tsv"
    path.write_text("".join(rows))
    found = load("liar_quotes").broken_rows(path)
    assert found[["row", "rows_swallowed", "cause"]].values.tolist() == [[1, 2, "opening quote"]]
    assert found.characters[0] > len("Begun and not ended.") + len(rows[2])


def test_quotes_that_are_closed_break_nothing(load: Callable[[str], ModuleType], tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_text('0.json\ttrue\t"Said" and done.\tx\n1.json\tfalse\tPlain "words" here.\tx\n')
    assert load("liar_quotes").broken_rows(path).empty
