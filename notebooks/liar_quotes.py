"""Where reading LIAR's files as CSV loses rows: writes `results/liar_quotes.csv` for notebook 01.

    python notebooks/liar_quotes.py train.tsv

The file is the official one (Wang 2017), tab-separated and without quoting. A reader that honours quotes, such as
`pandas.read_csv(path, sep="\\t")` with its defaults, takes a statement that begins with a quotation mark for a quoted
field, and everything up to the next lone quotation mark for its text, line breaks and all. The table holds those
statements, and those whose control characters were taken out of the shared copy, by row and length; no text.
"""

import csv
import sys
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).resolve().parent / "results"
IDENTIFIER, STATEMENT = 0, 2


def broken_rows(path: Path) -> pd.DataFrame:
    """Rows that a quoting reader gives another text: how many it swallows, and the characters it then has."""
    whole = pd.read_csv(path, sep="\t", header=None, quoting=csv.QUOTE_NONE)
    quoted = pd.read_csv(path, sep="\t", header=None)
    places = {name: place for place, name in enumerate(whole[IDENTIFIER])}
    rows = [places[name] for name in quoted[IDENTIFIER]]
    found = []
    for row, after, text in zip(rows, [*rows[1:], len(whole)], quoted[STATEMENT], strict=True):
        alone = next(csv.reader([whole[STATEMENT][row]], delimiter="\t"))[0]
        is_visible = whole[STATEMENT][row].isprintable()
        if after - row > 1 or text != alone or not is_visible:
            cause = "control characters" if text == alone else "opening quote"
            found.append((row, after - row - 1, len(text), cause))
    return pd.DataFrame(found, columns=["row", "rows_swallowed", "characters", "cause"])


if __name__ == "__main__":
    table = broken_rows(Path(sys.argv[1]))
    table.to_csv(RESULTS / "liar_quotes.csv", index=False, lineterminator="\n")
    print(table.to_string(index=False))
