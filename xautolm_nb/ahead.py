"""Proposals made ahead: while all workers are busy the next trial is thought of, so that none of them waits.

The running trials are believed to come out as expected. On recorded trials and curves this one step of foresight costs
nothing that can be measured (`ours_ahead` in the benchmarks). A failure is another matter: it changes what is risky,
so what was thought of beside a trial that failed is dropped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState

Propose = Callable[[Sequence[Trial], float], Proposal | None]
"""Next work for trials and seconds left."""


class Ahead:
    """At most one proposal in the making, in a thread.

    Args:
        propose: Finds the next work; called in the thread, with a list of trials that nobody changes.
    """

    def __init__(self, propose: Propose) -> None:
        self._propose = propose
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proposals")
        self._beside: frozenset[int] = frozenset()
        self._future: Future[Proposal | None] | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def prepare(self, trials: Sequence[Trial], running: Trial, seconds_left: float) -> None:
        """Begin to think of what comes after a trial that has just been begun, or one that was running before it."""
        known = [running if trial.number == running.number else trial for trial in trials]
        if all(trial.number != running.number for trial in trials):
            known.append(running)
        at_work = [trial for trial in known if trial.state is TrialState.RUNNING]
        left = max(0.0, seconds_left - min(trial.expected.get("seconds", 0.0) for trial in at_work))
        self._beside = frozenset(trial.number for trial in at_work)
        self._future = self._thread.submit(self._propose, known, left)

    def take(self, trials: Sequence[Trial], seconds_left: float) -> Proposal | None:
        """What was prepared, if it still makes sense; None when it does not, or when nothing was prepared.

        Raises:
            Exception: Whatever the thinking raised.
        """
        future, self._future = self._future, None
        if future is None:
            return None
        by_number = {trial.number: trial for trial in trials}
        beside = [by_number.get(number) for number in self._beside]
        if not all(map(_came_as_believed, beside)):  # neither waited for nor heard: its world did not come
            return None
        proposal = future.result()
        if proposal is None or proposal.expected.get("seconds", 0.0) > seconds_left:
            return None
        thawed = by_number.get(proposal.thaw) if proposal.thaw is not None else None
        waiting = thawed is not None and thawed.state is TrialState.PAUSED
        return proposal if proposal.thaw is None or waiting else None


def _came_as_believed(trial: Trial | None) -> bool:
    """Whether a trial that was at work still is, or has reached its target without a failure."""
    if trial is None or trial.state is TrialState.RUNNING:
        return trial is not None
    return trial.failure is None and trial.fidelity >= trial.target - 1e-9
