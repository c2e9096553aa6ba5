"""Workers: how many a machine has, and what of it each may take."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import CONTEXT

from xautolm_nb import workers
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import RequestError
from xautolm_nb.metafeatures.gpu import Card
from xautolm_nb.request import SearchRequest
from xautolm_nb.run import ProcessRunner
from xautolm_nb.workers import check_workers, share_out

GPUS = replace(
    CONTEXT,
    system=replace(CONTEXT.system, paper=(8.0, 16.0, 3.0, 64.0, 80.0), device="cuda", gpu_count=3, gpu_memory_gib=80.0),
)
Cards = Callable[..., None]


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Cards:
    """Let the driver show GPUs of so many GiB."""

    def show(*memory_gib: float) -> None:
        shown = [Card(uuid=f"GPU-{number}", memory_gib=gib) for number, gib in enumerate(memory_gib)]
        monkeypatch.setattr(workers, "visible_cards", lambda: shown)
        monkeypatch.setattr(workers, "probe_system", lambda device: replace(GPUS.system, device=device or "cuda"))

    return show


def seen(shared: workers.Workers) -> list[str | None]:
    return [environment.get("CUDA_VISIBLE_DEVICES") for environment in shared.environments]


def test_there_is_one_worker_on_each_gpu_and_it_sees_no_other(cards: Cards) -> None:
    cards(80.0, 80.0, 80.0)
    shared = share_out(GPUS, None)
    assert seen(shared) == ["GPU-0", "GPU-1", "GPU-2"]
    assert shared.context == GPUS
    assert seen(share_out(GPUS, 1)) == ["GPU-0"]


def test_the_processes_of_each_worker_get_its_card(cards: Cards, tmp_path: Path) -> None:
    cards(80.0, 80.0)
    shared = share_out(GPUS, None)
    runner = ProcessRunner(
        folder=tmp_path, models={}, context=shared.context, rungs=(1.0,), environments=shared.environments
    )
    assert [pool.environment["CUDA_VISIBLE_DEVICES"] for pool in runner.pools] == ["GPU-0", "GPU-1"]


def test_with_one_gpu_or_none_the_driver_can_ask_about_nothing_changes(cards: Cards) -> None:
    for shown in ((80.0,), ()):
        cards(*shown)
        assert share_out(GPUS, None).environments == ({},)


def test_what_is_proposed_fits_the_smallest_of_unequal_gpus(cards: Cards) -> None:
    cards(80.0, 24.0, 16.0)
    system = share_out(GPUS, 2).context.system
    assert (system.gpu_memory_gib, system.paper[4]) == (24.0, 24.0)
    assert share_out(GPUS, 1).context == GPUS


def test_more_workers_than_gpus_are_refused_in_one_line(cards: Cards) -> None:
    cards(80.0, 80.0)
    check_workers(2, None)
    with pytest.raises(RequestError, match="workers expects at most 2 with device='cuda' on this machine, but got 3"):
        check_workers(3, None)
    with pytest.raises(RequestError, match="at most 1 with device='mps'"):
        check_workers(2, "mps")
    check_workers(64, "cpu")


def test_a_study_from_a_machine_with_more_gpus_takes_those_that_are_here(cards: Cards) -> None:
    cards(80.0, 80.0)
    assert seen(share_out(GPUS, 4)) == ["GPU-0", "GPU-1"]


def test_on_a_cpu_there_is_one_worker_unless_more_are_asked_for() -> None:
    assert share_out(CONTEXT, None) == share_out(CONTEXT, 1)
    assert share_out(CONTEXT, None).context is not None and share_out(CONTEXT, None).environments == ({},)
    assert share_out(CONTEXT, None).context == CONTEXT


def test_workers_on_a_cpu_share_cores_memory_and_rate() -> None:
    context: Context = replace(CONTEXT, system=replace(CONTEXT.system, paper=(4.0, 8.0, 2.5, 24.0, 0.0), tflops=0.5))
    shared = share_out(context, 2)
    assert shared.environments == ({"XAUTOLM_WORKERS": "2"},) * 2
    assert shared.context.system.paper == (2.0, 4.0, 2.5, 12.0, 0.0)
    assert (shared.context.system.memory_gib, shared.context.system.tflops) == (12.0, 0.25)
    assert shared.context.task is context.task


def test_an_option_says_how_many_trials_run_beside_each_other() -> None:
    assert SearchRequest.from_mapping({}).workers is None
    assert SearchRequest.from_mapping({"workers": "2"}).workers == 2
    for wrong in (0, -1, 65):
        with pytest.raises(RequestError, match=f"workers expects a number from 1 to 64, but got {wrong}"):
            SearchRequest.from_mapping({"workers": wrong})
    with pytest.raises(RequestError, match="workers expects a whole number, but got 'two'"):
        SearchRequest.from_mapping({"workers": "two"})
