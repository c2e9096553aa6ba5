import json
from pathlib import Path

import pytest

from benchmarks.store import main, make_experience, race
from xautolm_nb.store.limits import checked


def test_a_small_run_writes_all_that_was_measured(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    main(f"--databases sqlite --rows 200 --contexts 20 --writers 2 --appends 60 --repeats 4 --json {out}".split())
    document = json.loads(out.read_text())
    (run,) = document["races"]
    assert (run["records"], run["errors"], run["lost"], run["duplicated"]) == (60, 0, 0, 0)
    timings = {timing["question"]: timing for timing in document["timings"]}
    assert timings.keys() == {
        "sync", "open", "similar, first of a process", "similar", "contexts", "append", "append, durable",
    }  # fmt: skip
    assert all(0 < timing["median"] <= 30 for timing in timings.values())


def test_made_up_records_are_sound_and_the_same_every_time() -> None:
    assert make_experience(7, 3) == make_experience(7, 3) == checked(make_experience(7, 3))
    assert make_experience(7, 3).id != make_experience(8, 3).id


@pytest.mark.slow
def test_four_processes_write_one_store_at_once_without_an_error_or_a_loss(tmp_path: Path) -> None:
    result = race("sqlite", str(tmp_path / "store.sqlite"), writers=4, records=1000)
    assert (result.errors, result.lost, result.duplicated) == (0, 0, 0)
