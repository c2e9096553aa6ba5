from dataclasses import replace

import pytest
from tuning_world import F1, World, failed, make_context, random_experiences

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import FailureKind, TrialState
from xautolm_nb.optimize.cases import (
    experience_cases,
    is_pending,
    is_same_machine,
    is_same_task,
    latest_rungs,
    scores_in,
    spread_over_tasks,
    teaches,
    trial_cases,
)


def test_a_trial_becomes_a_case_of_the_task_at_hand(world: World) -> None:
    trials = world.run([], Proposal(config=world.space.default(), fidelity=0.5))
    [case] = trial_cases(trials, world.context, world.space, F1)
    assert (case.task, case.weight, case.number, case.is_own) == (0, 1.0, 0, True)
    assert [fidelity for fidelity, _ in case.curve] == [0.125, 0.25, 0.5]
    assert case.seconds == pytest.approx(world.seconds(world.space.default()), rel=0.05)


def test_trials_of_models_that_are_gone_are_left_out(world: World) -> None:
    trials = world.run([], Proposal(config=world.space.default(), fidelity=0.5))
    assert (
        trial_cases(trials, world.context, replace(world.space, models=dict(list(world.space.models.items())[:1])), F1)
        == []
    )


def test_stored_tasks_count_from_one_and_weigh_by_similarity(world: World, store: tuple[Experience, ...]) -> None:
    cases = experience_cases(world.context, store, [0.8] * len(store), world.space, F1)
    assert {case.task for case in cases} == {1, 2}
    assert [case.weight for case in cases] == pytest.approx([0.8] * len(cases))
    assert not any(case.is_own for case in cases)


def test_records_of_the_same_data_belong_to_the_task_at_hand(world: World, store: tuple[Experience, ...]) -> None:
    record = replace(store[0], context=world.context)
    [case] = experience_cases(world.context, [record], [1.0], world.space, F1)
    assert (case.task, case.weight, case.same_machine) == (0, 1.0, True)


def test_only_the_last_rung_of_a_stored_trial_counts(store: tuple[Experience, ...]) -> None:
    early = replace(store[0], fidelity=0.25)
    kept = latest_rungs([early, store[0], store[1]], [1.0, 0.5, 0.2])
    assert kept == [(store[0], 0.5), (store[1], 0.2)]


def test_a_failure_ends_the_records_of_a_trial(store: tuple[Experience, ...]) -> None:
    early = replace(store[0], fidelity=0.25)
    [late] = failed([store[0]])
    assert latest_rungs([early, late], [1.0, 1.0]) == [(late, 1.0)]


def test_records_without_a_study_are_all_kept(store: tuple[Experience, ...]) -> None:
    loose = [replace(record, study="", trial=None) for record in (store[0], store[0])]
    assert len(latest_rungs(loose, [1.0, 1.0])) == 2


@pytest.mark.parametrize("kind", [kind.value for kind in FailureKind])
def test_failures_of_other_code_bases_teach_only_about_memory_time_and_divergence(
    store: tuple[Experience, ...], kind: str
) -> None:
    [own] = failed(store[:1], FailureKind(kind))
    foreign = replace(own, space="xautolm-original/1")
    assert teaches(own)
    assert teaches(foreign) == FailureKind(kind).is_about_config


def test_what_cannot_be_compared_is_left_out(world: World, store: tuple[Experience, ...]) -> None:
    record = store[0]
    unknown_space = replace(record, space="someone-elses/3")
    unknown_model = replace(record, model=None, config={**record.config, "model": "nobody knows it"})
    records = [replace(bad, trial=n) for n, bad in enumerate((unknown_space, unknown_model), 100)]
    assert len(experience_cases(world.context, [*records, record], [1.0] * 3, world.space, F1)) == 1
    assert experience_cases(world.context, [record], [0.0], world.space, F1) == []


def test_a_record_judged_by_another_metric_teaches_cost_and_success_and_its_score_where_it_was_noted(
    world: World, store: tuple[Experience, ...]
) -> None:
    record = next(one for one in store if one.succeeded and one.curve)
    silent = replace(record, metric=Metric(name="accuracy"))
    noted = replace(
        silent, curve=tuple(replace(p, score=0.0, metrics={"accuracy": 0.0, "f1": p.score}) for p in record.curve)
    )
    records = [replace(one, trial=n) for n, one in enumerate((noted, silent, record), 100)]
    told, dumb, asked = experience_cases(world.context, records, [1.0] * 3, world.space, F1)
    assert asked.curve and told.curve == asked.curve
    assert dumb.curve == ()
    assert told.seconds == dumb.seconds == asked.seconds is not None
    assert told.failure is dumb.failure is asked.failure is None


def test_a_score_alone_is_told_in_its_own_metric_only(store: tuple[Experience, ...]) -> None:
    record = replace(next(one for one in store if one.succeeded), curve=(), score=0.7)
    assert [point.score for point in scores_in(record, record.metric)] == [0.7]
    assert scores_in(record, Metric(name="accuracy")) == ()


def test_records_of_the_original_space_are_translated(world: World, store: tuple[Experience, ...]) -> None:
    config = {"method_class": "LoraLLMEmbeddingClassifier", "model": "bert-base-uncased", "learning_rate": 5e-5,
              "epochs": 3, "batch_size": 16, "optimizer": "adam", "lora_r": 8}  # fmt: skip
    record = replace(store[0], space="xautolm-original/1", config=config, model=None)
    [case] = experience_cases(world.context, [record], [1.0], world.space, F1)
    assert case.point.settings["method"] == "lora"
    assert case.point.model.id == "bert-base-uncased"


def test_a_score_without_a_curve_is_a_curve_of_one_point(world: World, store: tuple[Experience, ...]) -> None:
    [case] = experience_cases(world.context, [replace(store[0], curve=())], [1.0], world.space, F1)
    assert len(case.curve) == 1
    assert case.curve[0][0] == 1.0


def test_contexts_are_the_same_by_data_and_by_device() -> None:
    here = make_context()
    assert is_same_task(here, make_context(host="there"))
    assert not is_same_task(here, make_context(rows=1))
    assert is_same_machine(here, make_context(rows=1))
    assert not is_same_machine(here, make_context(host="there"))
    nameless = make_context(host="")
    assert not is_same_machine(nameless, nameless)


def test_running_and_queued_trials_are_pending(world: World) -> None:
    [trial] = world.run([], Proposal(config=world.space.default(), fidelity=0.5))
    pending = {state for state in TrialState if is_pending(replace(trial, state=state))}
    assert pending == {TrialState.RUNNING, TrialState.QUEUED}


def test_a_share_of_every_task_is_kept_in_order(world: World) -> None:
    many = random_experiences(world, name="many", n=90, seed=0)
    few = random_experiences(world, name="few", n=6, seed=1)
    numbered = [
        replace(case, task=i)
        for i, records in enumerate((many, few))
        for case in experience_cases(world.context, records, [1.0] * len(records), world.space, F1)
    ]
    kept = spread_over_tasks(numbered, 30)
    assert len(kept) == 30
    assert [case.task for case in kept].count(1) == 6
    places = [numbered.index(case) for case in kept]
    assert places == sorted(places) and places[0] < 4 and max(p for p in places if p < 90) > 85
    assert spread_over_tasks(numbered, 96) == numbered
