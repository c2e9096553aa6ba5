"""Each request does what code would do, over the same parts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from listener import Listener
from tiny import tiny_frame

from xautolm_nb.core.errors import ModelError, RequestError, StoreError, StudyError, TaskError
from xautolm_nb.jupyter.answers import Scope, answer
from xautolm_nb.jupyter.hub import Hub
from xautolm_nb.jupyter.messages import REQUESTS
from xautolm_nb.jupyter.protocol import encode, read_request
from xautolm_nb.session import Session

VARIABLES: Mapping[str, Any] = {"frame": tiny_frame(90), "number": 7}


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub(Listener())
    yield made
    made.close()


@pytest.fixture
def ran(hub: Hub, session: Session) -> Session:
    session.start().wait(60)
    return session


def ask(hub: Hub, kind: str, **fields: Any) -> dict[str, Any]:
    request = read_request({"v": 1, "id": "a", "type": kind, **fields})
    said = encode(answer(Scope(hub=hub, variables=VARIABLES), request))
    assert (said["id"], said["type"]) == ("a", "ack")
    return said


def test_every_request_but_the_quick_one_is_answered_here() -> None:
    from xautolm_nb.jupyter import answers

    assert set(REQUESTS.values()) - set(answers._ANSWERS) == {REQUESTS["variables"]}


def test_sync_gives_the_study_that_is_shown_or_the_one_that_is_named(hub: Hub, ran: Session) -> None:
    shown = ask(hub, "sync")["snapshot"]
    assert shown["study"]["id"] == ran.id and len(shown["trials"]) == 2
    assert ask(hub, "sync", study=ran.id)["snapshot"]["study"]["state"] == "finished"
    with pytest.raises(StoreError, match="nope"):
        ask(hub, "sync", study="nope")


def test_a_preview_is_of_a_variable_or_a_file(hub: Hub, tmp_path: Path) -> None:
    assert ask(hub, "preview", data="frame", source="variable")["preview"]["rows"] == 90
    tiny_frame(60).to_csv(tmp_path / "data.csv", index=False)
    assert ask(hub, "preview", data=str(tmp_path / "data.csv"), source="file")["preview"]["rows"] == 60
    with pytest.raises(TaskError, match="no variable 'frmae'"):
        ask(hub, "preview", data="frmae", source="variable")
    with pytest.raises(TaskError, match="is a int"):
        ask(hub, "preview", data="number", source="variable")


def test_models_come_with_the_machine(hub: Hub) -> None:
    said = ask(hub, "models")
    assert said["models"] and said["machine"]["host_memory_gib"] > 0


def test_wrong_starts_are_refused_and_leave_nothing(hub: Hub) -> None:
    for request, error in (
        ({"label": "lable"}, TaskError),
        ({"bugdet": "3m"}, RequestError),
        ({"models": ["no-such/model"]}, ModelError),
    ):
        with pytest.raises(error):
            ask(hub, "start", data="frame", source="variable", request=request)
    assert hub.session is None
    assert ask(hub, "studies")["studies"] == []


def test_code_is_written(hub: Hub) -> None:
    said = ask(hub, "code", data="frame", source="variable", request={"label": "label"})
    assert "tune(frame, label='label')" in said["code"]


@pytest.mark.parametrize("kind", ["pause", "stop"])
def test_what_does_not_run_cannot_be_held(hub: Hub, ran: Session, kind: str) -> None:
    with pytest.raises(StudyError, match="not running"):
        ask(hub, kind, study=ran.id)


def test_a_study_is_resumed_with_more_time(hub: Hub, ran: Session) -> None:
    ask(hub, "resume", study=ran.id, budget="1h")
    ran.wait(60)
    assert ran.record.budget_seconds == pytest.approx(ran.record.spent_seconds + 3600, abs=60)


def test_a_trial_is_told_in_full_and_can_be_stopped_only_while_it_may_go_on(hub: Hub, ran: Session) -> None:
    said = ask(hub, "trial", study=ran.id, number=1)
    assert said["trial"]["state"] == "complete" and len(said["curve"]) == 3 and said["why"] == "as scripted"
    with pytest.raises(StudyError, match="has ended"):
        ask(hub, "stop_trial", study=ran.id, number=1)


def test_studies_are_listed_and_one_is_opened_without_being_started(hub: Hub, ran: Session) -> None:
    assert [study["id"] for study in ask(hub, "studies", limit=1)["studies"]] == [ran.id]
    other = Hub(Listener())
    said = ask(other, "open", study=ran.id)
    assert said["snapshot"]["study"]["state"] == "finished"
    assert other.session is not None and other.session.id == ran.id
    other.close()


def test_the_store_is_browsed(hub: Hub, ran: Session) -> None:
    said = ask(hub, "experiences", study=ran.id)
    assert [(task["name"], task["trials"], task["similarity"]) for task in said["tasks"]] == [("world", 2, 1.0)]
    assert (said["total"], said["store"]) == (1, ran.store.location)
    assert ask(hub, "experiences")["tasks"][0]["similarity"] is None


def test_the_best_model_is_exported(hub: Hub, ran: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "export", lambda self, folder: Path(folder) / self.id)
    assert ask(hub, "export", study=ran.id, folder=str(tmp_path))["folder"] == str(tmp_path / ran.id)
