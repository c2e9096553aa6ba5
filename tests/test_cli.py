"""The command line, from outside: real processes, real training of a tiny model."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_frame

from xautolm_nb.store import ExperienceStore


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, dict[str, Any]]:
    """One search from the command line: its home, and what `--json` printed."""
    home = tmp_path_factory.mktemp("home")
    data = home / "data.csv"
    tiny_frame(400).to_csv(data, index=False)
    words = ["start", str(data), "--text", "text", "--label", "label", "--models", str(tiny_model)]
    done = xautolm(home, *words, "--budget", "90s", "--max-trials", "3", "--json")
    assert done.returncode == 0, done.stderr
    return home, json.loads(done.stdout)


def xautolm(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XAUTOLM_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "xautolm_nb", *words], capture_output=True, text=True, env=environment, timeout=280,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_search_finds_a_model_better_than_the_majority(ran: tuple[Path, dict[str, Any]]) -> None:
    _, said = ran
    assert said["state"] == "finished"
    assert said["complete"] >= 1
    assert said["best"] > 0.3  # the majority class of three gives 1/6
    assert said["best_trial"]["score"] == said["best"]


@pytest.mark.slow
def test_every_trial_is_remembered_once(ran: tuple[Path, dict[str, Any]]) -> None:
    home, said = ran
    with ExperienceStore.open(home) as store:
        experiences = store.experiences()
        assert sorted(experience.trial for experience in experiences if experience.trial is not None) == [
            trial["number"] for trial in said["trials_list"] if trial["score"] is not None or trial["failure"]
        ]


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["status", "best", "studies", "machine", "store info", "store doctor", "report"])
def test_every_verb_writes_json(ran: tuple[Path, dict[str, Any]], verb: str) -> None:
    home, _ = ran
    done = xautolm(home, *verb.split(), "--json")
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)


@pytest.mark.slow
def test_the_exported_model_gives_the_reported_score(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    import pandas as pd
    from sklearn.metrics import f1_score
    from transformers import pipeline

    home, said = ran
    done = xautolm(home, "export", "--to", str(tmp_path / "model"), "--json")
    assert done.returncode == 0, done.stderr
    folder = Path(json.loads(done.stdout)["folder"])
    facts = json.loads((folder / "xautolm.json").read_text())
    assert not [path for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pkl")]
    rows = pd.read_parquet(Path(said["folder"]) / "data" / "test.parquet")
    classify = pipeline("text-classification", str(folder), device="cpu")
    predicted = [answer["label"] for answer in classify(rows["text"].tolist())]
    truth = [facts["task"]["labels"][index] for index in rows["label"]]
    assert f1_score(truth, predicted, average="macro") == pytest.approx(facts["test"]["f1"], abs=1e-9)
    card = (folder / "README.md").read_text()
    assert facts["data_fingerprint"] in card and "pipeline(" in card


@pytest.mark.slow
def test_a_second_export_to_the_same_folder_is_refused(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home, _ = ran
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    done = xautolm(home, "export", "--to", str(tmp_path / "full"))
    assert done.returncode == 1
    assert "new or empty folder" in done.stderr
    assert (tmp_path / "full" / "x").read_text() == "mine"


def test_help_lists_the_verbs_and_ends_well(tmp_path: Path) -> None:
    done = xautolm(tmp_path, "--help")
    assert done.returncode == 0
    verbs = "start status pause resume stop stop-trial attach best report export studies describe machine store".split()
    assert [verb for verb in verbs if verb not in done.stdout] == []


def test_a_warning_about_the_data_is_one_line(tmp_path: Path) -> None:
    import pandas as pd

    frame = tiny_frame(60)
    pd.concat([frame, frame.head(4)]).to_csv(tmp_path / "data.csv", index=False)
    done = xautolm(tmp_path / "home", "describe", str(tmp_path / "data.csv"))
    assert done.returncode == 0
    assert [line[:14] for line in done.stderr.splitlines()] == ["xautolm: note:"]
    assert "4 rows repeat" in done.stderr


@pytest.mark.slow
@pytest.mark.shared
def test_three_minutes_on_sst2_complete_three_trials_and_beat_the_majority(tmp_path: Path, shared: Path) -> None:
    import pandas as pd

    rows = pd.read_parquet(shared / "datasets" / "sst2_sentences" / "train.parquet").sample(2000, random_state=0)
    rows.to_csv(tmp_path / "data.csv", index=False)
    words = ["start", str(tmp_path / "data.csv"), "--text", "text", "--label", "label", "--budget", "3m", "--json"]
    started = time.monotonic()
    done = xautolm(tmp_path / "home", *words)
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["complete"] >= 3
    assert said["best"] > 0.4  # the majority class gives .35
    assert seconds < 180 + 18 + 30, "the budget and its grace were not kept"
