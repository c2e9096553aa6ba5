"""Models with what fits, and the tasks of the store with what they teach."""

import pytest
from worlds import CONTEXT, config, whole_run

from xautolm_nb.core.context import Context, TaskMetaFeatures
from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Failure, FailureKind, Trial
from xautolm_nb.jupyter import browse
from xautolm_nb.jupyter.browse import list_models, list_tasks
from xautolm_nb.store import ExperienceStore

FAR = Context(
    task=TaskMetaFeatures(kind="classification", paper=(90000.0, 80.0, 6.0, 0.01, 0.1, 0.1, 900.0, 300.0, 0.3, 0.2)),
    system=CONTEXT.system,
)


def experience(name: str, context: Context, score: float | None, seed: int = 0) -> Experience:
    return Experience(
        task_name=name, metric=Metric(name="f1"), context=context, space="xautolm-nb/1", config=config(4), fidelity=1.0,
        score=score, seconds=9.0, curve=whole_run(Trial(number=0, config=config(4), seed=0)).curve, seed=seed,
        failure=None if score is not None else Failure(kind=FailureKind.OUT_OF_MEMORY, message="no room"),
    )  # fmt: skip


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xautolm_nb.space.models.hub_reachable", lambda: True)


def test_a_model_of_the_hub_is_out_of_reach_while_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xautolm_nb.space.models.hub_reachable", lambda: False)
    small = {row.id: row for row in list_models()}["google/electra-small-discriminator"]
    assert not small.fits and small.reason == "not on this machine, and no model hub can be reached"


def test_models_come_with_size_licence_and_a_reason(online: None) -> None:
    rows = {row.id: row for row in list_models()}
    small = rows["google/electra-small-discriminator"]
    assert small.fits and small.licence == "apache-2.0" and 13 < small.parameters_millions < 14
    assert "on the hub" in small.reason and "lora" in small.reason
    sizes = [row.parameters_millions for row in rows.values()]
    assert sizes == sorted(sizes)


def test_a_model_that_does_not_fit_says_why(online: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from xautolm_nb import metafeatures

    tight = replace(CONTEXT.system, memory_gib=1.0)
    monkeypatch.setattr(metafeatures, "probe_system", lambda: tight)
    rows = list_models()
    refused = [row for row in rows if not row.fits]
    assert refused and all(row.reason for row in refused)


def test_without_a_model_at_hand_the_known_ones_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    from xautolm_nb import space

    def none(ids: object) -> list[object]:
        raise ModelError("nothing here")

    monkeypatch.setattr(space, "discover_models", none)
    assert len(list_models()) > 5


def test_tasks_are_listed_by_similarity_with_their_best() -> None:
    with ExperienceStore.open(":memory:") as store:
        store.append(experience("far", FAR, 0.4), experience("far", FAR, 0.5, 1), experience("far", FAR, 0.45, 2))
        store.append(experience("near", CONTEXT, 0.7), experience("near", CONTEXT, None, 1))
        tasks, total = list_tasks(store, CONTEXT, 5)
        assert (total, [task.name for task in tasks]) == (2, ["near", "far"])
        assert tasks[0].similarity == 1.0 and tasks[1].similarity is not None and tasks[1].similarity < 0.5
        assert (tasks[0].trials, tasks[0].failed, tasks[0].best) == (2, 1, 0.7)
        assert tasks[1].best == 0.5 and "model=model-4" in tasks[1].best_config
        assert [task.name for task in list_tasks(store, None, 1)[0]] == ["far"], "the best known first"


def test_an_empty_store_has_no_tasks() -> None:
    with ExperienceStore.open(":memory:") as store:
        assert list_tasks(store, CONTEXT, 5) == ([], 0)
    assert browse._summary([], None) is None
