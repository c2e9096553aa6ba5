"""What every experience store must do, whatever database serves it, and samples to do it with."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.errors import StoreError, StudyError
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.study import Control, Owner, StudyRecord, StudyState
from xautolm_nb.core.task import Metric, Task, TaskKind
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.store import ExperienceStore

OWNER = Owner(pid=1234, started=1.5, host="here")
OTHER = Owner(pid=4321, started=2.5, host="there")


def a_context(rows: float = 100.0, kind: TaskKind = "classification") -> Context:
    paper = (rows, 2.0, 1.0, 0.5, 0.5, 1.0, 80.0, 20.0, 0.25, 0.6) + ((0.5,) if kind == "generation" else ())
    return Context(
        task=TaskMetaFeatures(kind=kind, paper=paper, extra={"tokens_p99": 61.0}),
        system=SystemMetaFeatures(paper=(4.0, 8.0, 3.5, 31.0, 0.0), memory_gib=31.0),
    )


def an_experience(number: int = 0, **changes: Any) -> Experience:
    fields: dict[str, Any] = {
        "task_name": "reviews",
        "metric": Metric(name="f1"),
        "context": a_context(),
        "space": "xautolm-nb/1",
        "config": {"model": "tiny", "method": "lora", "learning_rate": 1e-4, "epochs": number, "class_weights": True},
        "fidelity": 1.0,
        "score": 0.75,
        "seconds": 12.5,
        "created_at": f"2025-01-01T00:00:{number % 60:02}+00:00",
        "source": "test",
    }
    return Experience(**(fields | changes))


def a_failure(kind: FailureKind = FailureKind.OUT_OF_MEMORY, **changes: Any) -> Experience:
    return an_experience(score=None, seconds=None, failure=Failure(kind=kind, message="no memory left"), **changes)


def a_record(name: str = "a-study", identifier: str = "", **changes: Any) -> StudyRecord:
    task = Task(
        name="reviews",
        kind="classification",
        text=("text",),
        label="label",
        metric=Metric(name="f1"),
        labels=("bad", "good"),
        rows={"train": 80, "validation": 20},
        folder="data",
        fingerprint="f" * 32,
    )
    return replace(StudyRecord(id=identifier or f"id-{name}", name=name, task=task, budget_seconds=60.0), **changes)


def a_trial(number: int = 0, state: TrialState = TrialState.COMPLETE, **changes: Any) -> Trial:
    curve = (
        CurvePoint(fidelity=0.5, score=0.6, seconds=5.0, step=10, loss=0.7, metrics={"accuracy": 0.65}),
        CurvePoint(fidelity=1.0, score=0.75, seconds=11.0, step=20, loss=0.4, metrics={"accuracy": 0.8}),
    )
    trial = Trial(
        number=number,
        config={"model": "tiny", "method": "full", "epochs": 2},
        seed=7,
        state=state,
        fidelity=1.0,
        curve=curve,
        measures=Measures(seconds_train=11.0, tokens=4096, steps=20),
        expected={"score": 0.7},
    )
    return replace(trial, **changes)


class StoreContract:
    """Every store inherits these; a subclass gives the fixture `store`, opened and empty."""

    # Experiences

    def test_an_experience_reads_back_as_it_was_written(self, store: ExperienceStore) -> None:
        written = [an_experience(seed=3, trial=4, versions={"torch": "2"}), a_failure(context=a_context(7.0))]
        assert store.append(*written) == 2
        assert sorted(store.experiences(), key=lambda e: e.id) == sorted(written, key=lambda e: e.id)
        assert store.get(written[0].id) == written[0]

    def test_an_experience_is_kept_once_however_often_it_is_appended(self, store: ExperienceStore) -> None:
        assert store.append(an_experience(1), an_experience(2), an_experience(1)) == 2
        assert store.append(an_experience(2), an_experience(3)) == 1
        assert store.count() == 3

    def test_nothing_is_written_when_one_experience_is_bad(self, store: ExperienceStore) -> None:
        bad = an_experience(2, config={"model": float("nan")})
        with pytest.raises(StoreError, match="config"):
            store.append(an_experience(1), bad)
        assert store.count() == 0

    def test_appending_nothing_is_fine(self, store: ExperienceStore) -> None:
        assert store.append() == 0

    def test_experiences_come_newest_first_and_can_be_limited(self, store: ExperienceStore) -> None:
        store.append(*[an_experience(number) for number in (2, 5, 1)])
        assert [experience.config["epochs"] for experience in store.experiences()] == [5, 2, 1]
        assert [experience.config["epochs"] for experience in store.experiences(limit=1)] == [5]

    @pytest.mark.parametrize(
        ("conditions", "expected"),
        [
            ({}, {0, 1, 2, 3}),
            ({"kind": "classification"}, {0, 1, 2}),
            ({"kind": "generation"}, {3}),
            ({"exclude_fingerprint": "mine"}, {0, 2, 3}),
            ({"exclude_fingerprint": ""}, {0, 1, 2, 3}),
            ({"exclude_tasks": ["answers", "reviews"]}, {2}),
            ({"source": "elsewhere"}, {2}),
            ({"kind": "classification", "exclude_tasks": ["news"]}, {0, 1}),
            ({"context_ids": []}, set()),
        ],
    )
    def test_conditions_select_experiences(
        self, store: ExperienceStore, conditions: dict[str, Any], expected: set[int]
    ) -> None:
        store.append(
            an_experience(0),
            an_experience(1, fingerprint="mine"),
            an_experience(2, task_name="news", source="elsewhere"),
            an_experience(3, task_name="answers", context=a_context(kind="generation")),
        )
        assert {experience.config["epochs"] for experience in store.experiences(**conditions)} == expected

    def test_contexts_are_listed_once_with_their_number_of_experiences(self, store: ExperienceStore) -> None:
        store.append(*[an_experience(number) for number in range(3)], an_experience(9, context=a_context(5.0)))
        first, second = store.contexts()
        assert (first[1], first[2], second[2]) == (a_context(), 3, 1)
        assert len(store.experiences(context_ids=[second[0]])) == 1
        assert store.contexts("generation") == []

    def test_the_most_similar_contexts_are_asked_first_and_others_not_at_all(self, store: ExperienceStore) -> None:
        store.append(
            *[an_experience(number, context=a_context(10.0 + number)) for number in range(5)],
            an_experience(6, context=a_context(10.0), metric=Metric(name="accuracy")),
            an_experience(7, context=a_context(11.0), study="mine"),
            an_experience(8, context=a_context(10.0, kind="generation")),
        )

        def weigh(target: Context, contexts: Sequence[Context]) -> list[float]:
            assert {context.task.kind for context in contexts} <= {target.task.kind}
            return [14.0 - context.task.paper[0] for context in contexts]  # that of 14 rows weighs nothing

        target = a_context(10.0)
        assert [e.config["epochs"] for e in store.similar(target, weigh=weigh)] == [6, 0, 7, 1, 2, 3]
        assert [e.config["epochs"] for e in store.similar(target, 2, weigh=weigh)] == [6, 0]
        named = store.similar(target, weigh=weigh, metric="f1", exclude_study="mine")
        assert [e.config["epochs"] for e in named] == [0, 1, 2, 3]

    def test_experiences_of_one_context_share_one_object(self, store: ExperienceStore) -> None:
        store.append(an_experience(1), an_experience(2))
        first, second = store.experiences()
        assert first.context is second.context

    def test_an_experience_is_found_by_the_beginning_of_its_id(self, store: ExperienceStore) -> None:
        experience = an_experience(1)
        store.append(experience, an_experience(2))
        assert store.get(experience.id[:12]) == experience
        for name in ("", "no-such-id", "%"):
            with pytest.raises(StoreError, match="id of an experience"):
                store.get(name)

    # Studies

    def test_a_study_reads_back_as_it_was_created(self, store: ExperienceStore) -> None:
        record = a_record(context=a_context(), request={"budget": "30m"}, versions={"torch": "2"})
        created = store.create_study(record)
        assert created.created_at and replace(created, created_at="") == record
        assert store.study(record.id) == created

    def test_an_id_is_used_once(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        with pytest.raises(StoreError, match="exists already"):
            store.create_study(a_record())

    @pytest.mark.parametrize("identifier", ["last"])
    def test_a_study_cannot_have_a_reserved_id(self, store: ExperienceStore, identifier: str) -> None:
        with pytest.raises(StoreError, match="newest"):
            store.create_study(a_record(identifier=identifier))

    def test_studies_come_newest_first(self, store: ExperienceStore) -> None:
        for name in ("one", "two", "three"):
            store.create_study(a_record(name, created_at="2025-01-01"))
        assert [record.name for record in store.studies()] == ["three", "two", "one"]
        assert store.study().name == store.study("last").name == "three"

    @pytest.mark.parametrize("name", ["id-sentiment", "sentiment", "sent", "id-s"])
    def test_a_study_is_found_by_id_name_or_beginning(self, store: ExperienceStore, name: str) -> None:
        store.create_study(a_record("sentiment"))
        store.create_study(a_record("topics"))
        assert store.study(name).name == "sentiment"

    def test_a_whole_name_wins_over_the_beginning_of_another(self, store: ExperienceStore) -> None:
        store.create_study(a_record("news"))
        store.create_study(a_record("news-long"))
        assert store.study("news").name == "news"

    def test_an_unknown_study_is_an_error_with_close_names(self, store: ExperienceStore) -> None:
        with pytest.raises(StoreError, match="no study yet"):
            store.study("last")
        store.create_study(a_record("sentiment"))
        with pytest.raises(StoreError, match="Did you mean sentiment"):
            store.study("sentimnet")
        with pytest.raises(StoreError):
            store.study("")

    def test_an_ambiguous_name_lists_what_it_may_mean(self, store: ExperienceStore) -> None:
        store.create_study(a_record("docs", "1"))
        store.create_study(a_record("docs", "2"))
        with pytest.raises(StoreError, match=r"2 \(docs\), 1 \(docs\)"):
            store.study("docs")

    def test_an_update_changes_only_what_it_names(self, store: ExperienceStore) -> None:
        created = store.create_study(a_record())
        progress = TrialProgress(number=1, phase="train", step=3, total=9, fidelity=0.25, seconds_left=float("inf"))
        changed = store.update_study(created.id, state=StudyState.RUNNING, owner=OWNER, progress=progress)
        expected = replace(
            created, state=StudyState.RUNNING, owner=OWNER, progress=replace(progress, seconds_left=None)
        )
        assert changed == store.study(created.id) == expected
        assert store.update_study(created.id, owner=None, control=Control.PAUSE).owner is None

    @pytest.mark.parametrize("changes", [{"colour": "red"}, {"id": "x"}, {"spent_seconds": "long"}])
    def test_an_update_that_does_not_fit_changes_nothing(self, store: ExperienceStore, changes: dict[str, Any]) -> None:
        created = store.create_study(a_record())
        with pytest.raises(StoreError):
            store.update_study(created.id, **changes)
        assert store.study(created.id) == created

    def test_updates_of_many_threads_are_all_kept(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        fields = ["message", "heartbeat", "spent_seconds", "budget_seconds", "folder"]
        values: dict[str, Any] = dict.fromkeys(fields, 9.0) | {"message": "m", "folder": "f"}
        run_together([lambda name=name: store.update_study("id-a-study", **{name: values[name]}) for name in fields])
        assert {name: getattr(store.study(), name) for name in fields} == values

    def test_a_claim_is_refused_while_a_living_other_owner_holds_the_study(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        claimed = store.claim_study("id-a-study", OWNER, is_alive=lambda _o, _h: True, state=StudyState.RUNNING)
        assert (claimed.owner, claimed.state, claimed.heartbeat > 0) == (OWNER, StudyState.RUNNING, True)
        store.claim_study("id-a-study", OWNER, is_alive=lambda _o, _h: True)
        with pytest.raises(StudyError, match="1234 on here"):
            store.claim_study("id-a-study", OTHER, is_alive=lambda _o, _h: True)
        assert store.claim_study("id-a-study", OTHER, is_alive=lambda _o, _h: False).owner == OTHER

    def test_of_many_claims_one_wins(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        won: list[int] = []

        def claim(pid: int) -> None:
            try:
                store.claim_study("id-a-study", replace(OWNER, pid=pid), is_alive=lambda _o, _h: True)
            except StudyError:
                return
            won.append(pid)

        run_together([lambda pid=pid: claim(pid) for pid in range(8)])
        owner = store.study().owner
        assert owner is not None and won == [owner.pid]

    def test_a_deleted_study_is_gone_and_its_experiences_stay(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        store.finish_trial("id-a-study", a_trial(), an_experience())
        store.delete_study("id-a-study")
        assert (store.studies(), store.count(), store.info()["trials"]) == ([], 1, {})
        with pytest.raises(StoreError):
            store.delete_study("id-a-study")

    # Trials

    def test_a_trial_reads_back_as_it_was_saved(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        failed = a_trial(1, TrialState.FAILED, failure=Failure(kind=FailureKind.TIMEOUT, message="late"), curve=())
        for trial in (failed, a_trial(0)):
            store.save_trial("id-a-study", trial)
        assert store.trials("id-a-study") == [a_trial(0), failed]

    def test_saving_a_trial_again_replaces_it_and_its_curve(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        store.save_trial("id-a-study", a_trial())
        paused = a_trial(state=TrialState.PAUSED, curve=a_trial().curve[:1])
        store.save_trial("id-a-study", paused)
        assert store.trials("id-a-study") == [paused]
        assert store.doctor() == []

    def test_numbers_that_are_not_finite_do_not_make_a_trial_unreadable(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        nan = float("nan")
        broken = CurvePoint(fidelity=0.75, score=nan, seconds=6.0, loss=nan)
        store.save_trial(
            "id-a-study", a_trial(expected={"score": nan, "seconds": 3.0}, curve=(*a_trial().curve, broken))
        )
        assert store.trials("id-a-study") == [a_trial(expected={"seconds": 3.0})]

    def test_numbers_go_on_from_the_largest(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        assert store.next_number("id-a-study") == 0
        store.save_trial("id-a-study", a_trial(4))
        assert store.next_number("id-a-study") == 5

    def test_finishing_a_trial_writes_trial_experience_and_study_together(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        store.finish_trial("id-a-study", a_trial(), an_experience(), spent_seconds=30.0, message="done")
        record = store.study()
        assert (store.trials(record.id), store.count()) == ([a_trial()], 1)
        assert (record.spent_seconds, record.message) == (30.0, "done")
        store.finish_trial("id-a-study", a_trial(1), None)
        assert (len(store.trials(record.id)), store.count()) == (2, 1)

    def test_finishing_a_trial_writes_nothing_when_one_part_fails(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        with pytest.raises(StoreError):
            store.finish_trial("id-a-study", a_trial(), an_experience(), colour="red")
        assert (store.trials("id-a-study"), store.count()) == ([], 0)

    @pytest.mark.parametrize("method", ["trials", "next_number", "revision", "update_study", "delete_study"])
    def test_an_unknown_study_is_an_error_everywhere(self, store: ExperienceStore, method: str) -> None:
        with pytest.raises(StoreError, match="No study"):
            getattr(store, method)("nobody")

    def test_a_trial_of_an_unknown_study_is_refused(self, store: ExperienceStore) -> None:
        with pytest.raises(StoreError, match="No study"):
            store.save_trial("nobody", a_trial())
        with pytest.raises(StoreError, match="No study"):
            store.finish_trial("nobody", a_trial(), an_experience())
        assert store.count() == 0

    def test_the_revision_grows_with_every_change_and_only_then(self, store: ExperienceStore) -> None:
        store.create_study(a_record())
        store.create_study(a_record("other"))
        seen = [store.revision("id-a-study")]
        for change in (
            lambda: store.update_study("id-a-study", heartbeat=1.0),
            lambda: store.save_trial("id-a-study", a_trial(state=TrialState.RUNNING)),
            lambda: store.finish_trial("id-a-study", a_trial(), an_experience()),
            lambda: store.claim_study("id-a-study", OWNER),
        ):
            change()
            seen.append(store.revision("id-a-study"))
        store.update_study("id-other", heartbeat=1.0)
        assert seen == sorted(set(seen)) and seen[-1] == store.revision("id-a-study")

    # Care

    def test_info_counts_what_is_there(self, store: ExperienceStore) -> None:
        store.append(an_experience(1), an_experience(2, task_name="news"), a_failure(), an_experience(4))
        store.create_study(a_record())
        store.save_trial("id-a-study", a_trial())
        info = store.info()
        assert (info["experiences"], info["succeeded"], info["failed"]) == (4, 3, 1)
        assert (info["by_task"], info["by_failure"]) == ({"reviews": 3, "news": 1}, {"out_of_memory": 1})
        assert (info["studies"], info["trials"], info["schema_version"]) == ({"created": 1}, {"complete": 1}, 1)
        assert (info["oldest"], info["newest"]) == ("2025-01-01T00:00:00+00:00", "2025-01-01T00:00:04+00:00")
        assert info["bytes"] > 0

    def test_an_empty_store_is_sound_and_empty(self, store: ExperienceStore) -> None:
        assert (store.doctor(), store.experiences(), store.contexts(), store.studies()) == ([], [], [], [])
        assert (store.count(), store.info()["oldest"]) == (0, None)

    def test_the_home_of_studies_is_a_folder(self, store: ExperienceStore) -> None:
        assert isinstance(store.home, Path) and store.home.is_absolute()

    def test_threads_append_and_read_at_once(self, store: ExperienceStore) -> None:
        def work(first: int) -> None:
            for number in range(first, first + 5):
                store.append(an_experience(number))
                store.experiences(limit=2)

        run_together([lambda first=first: work(first) for first in range(0, 40, 5)])
        assert store.count() == 40


def run_together(jobs: list[Any]) -> None:
    """Run jobs in threads that start at one moment, and raise the first error."""
    gate = threading.Barrier(len(jobs))
    errors: list[BaseException] = []

    def run(job: Any) -> None:
        gate.wait()
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
