"""A model's own code from the option to the exported folder, through real worker processes."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest
from foreign_model import save_foreign_model
from tiny import tiny_frame

from xautolm_nb.core.errors import ModelError, StudyError
from xautolm_nb.core.events import Event, StudyMessage
from xautolm_nb.core.study import StudyState
from xautolm_nb.session import Session, start_session
from xautolm_nb.space.trust import code_hash
from xautolm_nb.store import ExperienceStore, export_parquet, import_path
from xautolm_nb.terminal import follow
from xautolm_nb.verbs import run_verb


@pytest.fixture(autouse=True)
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))


@pytest.fixture
def store(own_home: Path) -> Iterator[ExperienceStore]:
    with ExperienceStore.open() as opened:
        yield opened


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "witness.txt"


@pytest.fixture
def folder(tmp_path: Path, witness: Path) -> Path:
    return save_foreign_model(tmp_path / "folk", witness)


def options(folder: Path, **more: object) -> dict[str, object]:
    fixed = {"text": "text", "label": "label", "methods": "full", "max_epochs": 2, "rungs": (1.0,), "max_trials": 1}
    return {**fixed, "models": [str(folder)], "budget": "10m", "use_starter": False, **more}


def allowed(folder: Path) -> list[str]:
    return [f"{folder}@{code_hash(folder)}"]


def test_without_the_option_nothing_is_started_imported_or_noted(
    store: ExperienceStore, folder: Path, witness: Path, own_home: Path
) -> None:
    with pytest.raises(ModelError, match="runs only where allowed"):
        start_session(tiny_frame(60), store=store, options=options(folder))
    assert not store.studies() and not list(own_home.glob("studies/*"))
    assert not witness.exists()


@pytest.mark.slow
def test_with_the_option_it_is_trained_reported_and_exported_and_all_say_whose_code_ran(
    store: ExperienceStore, folder: Path, witness: Path, tmp_path: Path
) -> None:
    pin = f"folk@{code_hash(folder)}"
    heard: list[Event] = []
    session = start_session(tiny_frame(150), store=store, options=options(folder, trust_code=allowed(folder)))
    session.subscribe(heard.append)
    session.wait(180)
    assert session.record.state is StudyState.FINISHED, session.message
    assert [event.message for event in heard if isinstance(event, StudyMessage)] == [f"runs code of {pin}"]
    assert session.best.score is not None and witness.exists()
    assert session.why(0).endswith(f"runs code of {pin}")
    assert pin in session._repr_html_() and str(folder.parent) not in session._repr_html_()
    shown = io.StringIO()
    follow(session, stream=shown)
    assert f"runs code of {pin}" in shown.getvalue()
    report = session.report(references=False)
    assert report.code == (pin,) and f"runs code of {pin}" in str(report)
    out = session.export(tmp_path / "out", report=False)
    card = (out / "README.md").read_text()
    assert f"`{pin}`" in card and "trust_remote_code=True" in card
    example = card.partition("```python\n")[2].partition("```")[0]
    answer = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert any(name in answer.stdout for name in ("fruit", "tool", "animal")), answer.stderr
    assert json.loads((out / "xautolm.json").read_text())["code"] == [pin]
    assert {"modeling_folk.py", "model.safetensors"} <= {file.name for file in out.iterdir()}
    (experience,) = store.experiences()
    assert experience.model is not None and experience.model.code == (pin,)
    assert str(folder) not in json.dumps(experience.model.notes)

    export_parquet(store, tmp_path / "shared.parquet")
    with ExperienceStore.open(tmp_path / "theirs") as theirs:
        import_path(theirs, tmp_path / "shared.parquet")
        with pytest.raises(ModelError, match="runs only where allowed"):  # their store knows it, they do not trust it
            start_session(tiny_frame(60), store=theirs, options=options(folder))

    shutil.rmtree(platformdirs.user_config_path("xautolm-nb", appauthor=False))
    with pytest.raises(StudyError, match="which you did not allow on this account"):  # the store alone allows nothing
        session.report(references=False)


@pytest.mark.parametrize("resumed", [True, False])
def test_a_study_of_somebody_else_cannot_bring_its_own_consent(
    store: ExperienceStore, folder: Path, witness: Path, tiny_model: Path, resumed: bool
) -> None:
    from xautolm_nb.request import SearchRequest, create_study

    record, _ = create_study(SearchRequest.from_mapping(options(tiny_model)), tiny_frame(60), store)
    theirs = SearchRequest.from_mapping(options(folder, trust_code=allowed(folder))).to_mapping()
    forged = replace(record, id="20261121-000000-abcdef", request=theirs)
    store.create_study(forged)
    session = Session(store, forged.id)
    session.resume() if resumed else session.start()
    with pytest.raises(StudyError, match="which you did not allow on this account"):
        session.wait(60)
    assert not witness.exists()


def test_the_machine_lists_whose_code_an_allowed_model_runs(folder: Path, witness: Path) -> None:
    with pytest.raises(ModelError, match="runs only where allowed"):
        run_verb(["machine", "--models", str(folder)])
    found = run_verb(["machine", "--models", str(folder), "--trust-code", allowed(folder)[0]])
    assert f"runs code of folk@{code_hash(folder)}" in found.text
    (row,) = found.data["models"]
    assert list(row["code"]) == [f"folk@{code_hash(folder)}"]
    assert not witness.exists()
