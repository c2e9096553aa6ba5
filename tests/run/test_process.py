import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from contracts.runner import RunnerContract, never, thawed

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.events import Event, TrialProgress
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.run import ProcessRunner, WorkerOptions

RUNGS = (0.25, 0.5, 1.0)
BROKEN = Path(__file__).parent / "broken_worker.py"

Broken = Callable[..., ProcessRunner]


@pytest.fixture(scope="module")
def runner(tiny: ModelInfo, context: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessRunner]:
    gone = replace(tiny, id="gone", path=str(tmp_path_factory.mktemp("empty")))
    models = {"tiny": tiny, "gone": gone}
    own = ProcessRunner(folder=tmp_path_factory.mktemp("study"), models=models, context=context, rungs=RUNGS)
    yield own
    own.close()


@pytest.fixture
def fresh(trial: Trial, numbers: Iterator[int]) -> Trial:
    return replace(trial, number=next(numbers))


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(1000))


@pytest.fixture
def broken(tiny: ModelInfo, context: Context, tmp_path: Path) -> Iterator[Broken]:
    """Make a runner whose workers misbehave in a given way."""
    made: list[ProcessRunner] = []

    def make(way: str, **options: Any) -> ProcessRunner:
        command = (sys.executable, str(BROKEN), way)
        settings = WorkerOptions(command=command, **options)
        made.append(
            ProcessRunner(folder=tmp_path, models={"tiny": tiny}, context=context, rungs=RUNGS, options=settings)
        )
        return made[-1]

    yield make
    for runner in made:
        runner.close()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


class TestProcessRunner(RunnerContract):
    """The contract, with real training."""

    looks = (1.0,)  # a run of seconds: an earlier look would cost more than it

    @pytest.fixture
    def runner(self, runner: ProcessRunner) -> ProcessRunner:
        return runner

    @pytest.fixture
    def fresh(self, fresh: Trial) -> Trial:
        return fresh

    def test_the_export_loads_with_transformers_alone_and_scores_the_same(
        self, runner: ProcessRunner, task: Task, fresh: Trial, tmp_path: Path
    ) -> None:
        import pyarrow.parquet as pq
        from transformers import pipeline

        from xautolm_nb.tasks.metrics import score

        done = thawed(fresh, runner.run(task, fresh, emit=lambda _: None, should_stop=never), 1.0)
        target = tmp_path / "exported"
        target.mkdir()
        (target / "README.md").write_text("mine")
        runner.export(task, done, str(target))
        expected = runner.evaluate(task, done, "test")

        rows = pq.read_table(task.file("test"))
        answers = pipeline("text-classification", str(target))(rows.column("text").to_pylist(), truncation=True)
        predicted = [task.labels.index(answer["label"]) for answer in answers]
        assert score("f1", predicted, rows.column("label").to_pylist())["f1"] == expected["f1"]
        assert (target / "README.md").read_text() == "mine"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    def test_a_worker_serves_again_after_a_success(self, runner: ProcessRunner, task: Task, fresh: Trial) -> None:
        runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
        before = children()
        runner.run(task, replace(fresh, target=0.5), emit=lambda _: None, should_stop=never)
        assert children() == before

    def test_a_split_that_is_not_there_is_refused(self, runner: ProcessRunner, task: Task, fresh: Trial) -> None:
        runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
        without = replace(task, rows={"train": 160, "validation": 60})
        with pytest.raises(StudyError, match="test"):
            runner.evaluate(without, fresh, "test")

    def test_a_model_that_is_gone_is_named(self, runner: ProcessRunner, task: Task, fresh: Trial) -> None:
        trial = replace(fresh, config={**fresh.config, "model": "gone"})
        outcome = runner.run(task, trial, emit=lambda _: None, should_stop=never)
        assert outcome.failure is not None and outcome.failure.kind is FailureKind.MODEL_UNAVAILABLE
        assert "gone" in outcome.failure.message


def test_a_worker_survives_what_did_not_harm_it(
    runner: ProcessRunner, task: Task, numbers: Iterator[int], trial: Trial
) -> None:
    runner.run(task, replace(trial, number=next(numbers), target=0.25), emit=lambda _: None, should_stop=never)
    before = children()
    for change in ({"optimizer": "sgd", "learning_rate": 1e30}, {"model": "gone"}):
        wrong = replace(trial, number=next(numbers), config={**trial.config, **change})
        outcome = runner.run(task, wrong, emit=lambda _: None, should_stop=never)
        assert outcome.failure is not None
        assert outcome.failure.kind in (FailureKind.NOT_FINITE, FailureKind.MODEL_UNAVAILABLE)
        assert children() == before


def test_files_of_a_discarded_trial_are_gone(runner: ProcessRunner, task: Task, fresh: Trial) -> None:
    runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
    folder = runner.folder_of(fresh)
    assert (folder / "checkpoint").exists()
    runner.discard(fresh)
    assert not folder.exists()
    with pytest.raises(StudyError, match="no kept weights"):
        runner.evaluate(task, fresh, "test")


def test_a_trial_whose_process_was_killed_is_recovered_from_its_checkpoint(
    runner: ProcessRunner, task: Task, fresh: Trial
) -> None:
    outcome = runner.run(task, replace(fresh, target=0.5), emit=lambda _: None, should_stop=never)
    found = runner.recover(fresh)  # the record still says that nothing was done
    assert (found.fidelity, found.curve, found.checkpoint) == (0.5, outcome.curve, True)
    assert found.measures.seconds > 0
    other = replace(fresh, config={**fresh.config, "epochs": 9})
    assert runner.recover(other) == other


def test_progress_comes_at_most_four_times_a_second(broken: Broken, task: Task, trial: Trial) -> None:
    heard: list[Event] = []
    start = time.monotonic()
    broken("chatty").run(task, trial, emit=heard.append, should_stop=never)
    assert all(isinstance(event, TrialProgress) for event in heard)
    assert 1 <= len(heard) <= 4 * (time.monotonic() - start) + 1


def test_an_injected_out_of_memory_is_named_and_the_worker_replaced(broken: Broken, task: Task, trial: Trial) -> None:
    outcome = broken("oom").run(task, trial, emit=lambda _: None, should_stop=never)
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.OUT_OF_MEMORY
    assert "out of memory" in outcome.failure.message
    assert outcome.measures.seconds_load > 0


@pytest.mark.parametrize(
    ("way", "kind", "words"),
    [
        ("exit", FailureKind.CRASH, "exit code 3. Its last words: the last words"),
        ("sigsegv", FailureKind.CRASH, "SIGSEGV"),
        ("sigkill", FailureKind.HOST_MEMORY, "SIGKILL"),
        ("half", FailureKind.CRASH, "exit code 0"),
        ("no start", FailureKind.CRASH, "no such library"),
        ("empty", FailureKind.ERROR, "outcome"),
    ],
)
def test_a_dying_worker_is_a_typed_failure(
    way: str, kind: FailureKind, words: str, broken: Broken, task: Task, trial: Trial
) -> None:
    outcome = broken(way).run(task, trial, emit=lambda _: None, should_stop=never)
    assert outcome.failure is not None
    assert (outcome.failure.kind, words in outcome.failure.message) == (kind, True), outcome.failure
    assert outcome.measures.seconds > 0
    assert outcome.fidelity == (0.25 if way == "half" else 0.0)  # what it had told before still counts


def test_a_hanging_worker_is_killed_at_the_deadline(broken: Broken, task: Task, trial: Trial) -> None:
    start = time.monotonic()
    outcome = broken("hang").run(task, trial, emit=lambda _: None, should_stop=never, timeout=1.0)
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.TIMEOUT
    assert 1.0 <= time.monotonic() - start < 4.0
    assert outcome.measures.seconds >= 1.0


def test_a_worker_that_does_not_hear_the_stop_is_killed_and_the_last_checkpoint_counts(
    broken: Broken, runner: ProcessRunner, task: Task, trial: Trial, tmp_path: Path, fresh: Trial
) -> None:
    done = runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
    deaf = broken("hang", stop_grace=0.5)
    shutil.copytree(runner.folder_of(fresh), deaf.folder_of(fresh))
    outcome = deaf.run(task, fresh, emit=lambda _: None, should_stop=lambda: True)
    assert outcome.failure is None
    assert (outcome.fidelity, outcome.checkpoint, outcome.curve) == (0.25, True, done.curve)


def test_what_libraries_print_does_not_disturb_the_protocol(
    broken: Broken, task: Task, trial: Trial, tmp_path: Path
) -> None:
    outcome = broken("noisy").run(task, trial, emit=lambda _: None, should_stop=never)
    assert outcome.failure is None
    text = "".join(log.read_text() for log in (tmp_path / "logs").iterdir())
    assert "a library prints" in text and "so does a C extension" in text


@pytest.mark.parametrize("reuse", [True, False])
def test_whether_a_worker_serves_twice_is_an_option(reuse: bool, broken: Broken, task: Task, trial: Trial) -> None:
    runner = broken("identity", reuse=reuse)
    first, second = (runner.run(task, trial, emit=lambda _: None, should_stop=never).fidelity for _ in range(2))
    assert (first == second) is reuse


def test_an_evaluation_beside_a_running_trial_gets_its_own_worker(broken: Broken, task: Task, trial: Trial) -> None:
    runner = broken("hang")
    (runner.folder_of(trial) / "best").mkdir(parents=True)
    flag = threading.Event()
    thread = threading.Thread(
        target=lambda: runner.run(task, trial, emit=lambda _: None, should_stop=never, timeout=2.0)
    )
    thread.start()
    other = threading.Thread(target=lambda: (_try_evaluate(runner, task, trial), flag.set()))
    other.start()
    time.sleep(0.5)
    assert len(children()) >= 2
    runner.close()
    thread.join(5)
    other.join(5)
    assert flag.is_set() and not thread.is_alive()


def _try_evaluate(runner: ProcessRunner, task: Task, trial: Trial) -> None:
    with pytest.raises(StudyError):
        runner.evaluate(task, trial, "test")


def test_an_error_of_the_listener_reaches_the_caller_and_stops_the_worker(
    broken: Broken, task: Task, trial: Trial
) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("a bug in a view")

    before = children()
    runner = broken("chatty")
    with pytest.raises(RuntimeError, match="a bug in a view"):
        runner.run(task, trial, emit=fail, should_stop=never)
    runner.close()
    assert children() == before


def test_closing_leaves_no_process_and_refuses_more_work(broken: Broken, task: Task, trial: Trial) -> None:
    before = children()
    runner = broken("identity", spare=True)
    runner.run(task, trial, emit=lambda _: None, should_stop=never)
    assert children() > before
    runner.close()
    runner.close()
    assert children() == before
    with pytest.raises(StudyError, match="closed"):
        runner.run(task, trial, emit=lambda _: None, should_stop=never)


def test_nothing_on_disk_is_a_pickle(runner: ProcessRunner, task: Task, fresh: Trial) -> None:
    runner.run(task, replace(fresh, target=0.5), emit=lambda _: None, should_stop=never)
    files = [path for path in runner.folder_of(fresh).rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors"}
    assert all(json.loads(path.read_text()) for path in files if path.suffix == ".json")


def test_measured_peaks_and_lack_of_memory_teach_the_prediction(
    runner: ProcessRunner, broken: Broken, task: Task, fresh: Trial
) -> None:
    runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
    logs = runner._memory.logs["full"]
    assert logs and runner._job(task, fresh, runner._models["tiny"]).memory_factor == runner._memory.factor("full")
    short = broken("sigkill")
    outcome = short.run(task, fresh, emit=lambda _: None, should_stop=never)
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.HOST_MEMORY
    assert short._memory.factor("full") > 1.0
    crashed = broken("sigsegv")
    crashed.run(task, fresh, emit=lambda _: None, should_stop=never)
    assert crashed._memory.factor("full") == 1.0
