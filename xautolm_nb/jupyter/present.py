"""Nouns to objects of the protocol: what is known of a study, as the front ends draw it."""

from collections.abc import Iterable, Sequence, Sized
from typing import TYPE_CHECKING, cast

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.ranking import ranking
from xautolm_nb.core.study import StudyRecord, StudyState
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.jupyter.objects import (
    MOST_CURVES,
    MOST_POINTS,
    MOST_TRIALS,
    AnytimeChart,
    Charts,
    CurveChart,
    CurvePoint,
    Device,
    FailureInfo,
    ParetoChart,
    Phase,
    Progress,
    ReferenceChart,
    Snapshot,
    StudyInfo,
    TrialRow,
)

if TYPE_CHECKING:
    from xautolm_nb.plots import ReferenceFront

_PHASES = ("load", "train", "evaluate")
_UNDER_WAY = (StudyState.CREATED, StudyState.RUNNING, StudyState.PAUSED, StudyState.INTERRUPTED)


def study_info(record: StudyRecord, trials: Sequence[Trial], *, here: bool, store: str) -> StudyInfo:
    """The headline of a study.

    Args:
        record: The study.
        trials: Its trials.
        here: Whether this process runs it.
        store: Where its store is, for people.
    """
    best = next(iter(ranking(trials)), None)
    left = max(0.0, record.budget_seconds - record.spent_seconds)
    return StudyInfo(
        id=record.id,
        name=record.name,
        kind=record.task.kind,
        metric=record.task.metric.name,
        state=record.state.value,
        message=record.message,
        spent_seconds=record.spent_seconds,
        budget_seconds=record.budget_seconds,
        seconds_left=left if record.state in _UNDER_WAY else None,
        trials=len(trials),
        complete=_count(trials, TrialState.COMPLETE),
        failed=_count(trials, TrialState.FAILED),
        best=best.number if best else None,
        best_score=best.score if best else None,
        expected_gain=_expected_gain(trials),
        here=here,
        objectives=[str(name) for name in record.request.get("objectives") or (record.task.metric.name,)],
        folder=record.folder,
        store=store,
        created_at=record.created_at,
    )


def trial_row(trial: Trial, *, set_aside: bool = False) -> TrialRow:
    """One row of the table; `set_aside` says that a person stopped it for good."""
    reason = trial.reason.partition("\n")[0]
    return TrialRow(
        number=trial.number,
        state=trial.state.value,
        model=str(trial.config.get("model", "")),
        method=str(trial.config.get("method", "")),
        config=dict(trial.config),
        fidelity=trial.fidelity,
        target=trial.target,
        score=trial.score,
        seconds=trial.seconds,
        peak_memory_gib=trial.measures.peak_memory_gib,
        energy_kwh=trial.measures.energy_kwh,
        energy_source=trial.measures.energy_source,
        failure=FailureInfo(kind=trial.failure.kind.value, message=trial.failure.message) if trial.failure else None,
        reason=f"stopped on request; {reason}" if set_aside else reason,
        expected=dict(trial.expected),
        created_at=trial.created_at,
        finished_at=trial.finished_at,
    )


def progress_of(progress: TrialProgress) -> Progress:
    """How far the running trial is."""
    phase = cast("Phase", progress.phase if progress.phase in _PHASES else "train")
    return Progress(
        number=progress.number,
        phase=phase,
        step=progress.step,
        total=progress.total,
        fidelity=progress.fidelity,
        loss=progress.loss,
        score=progress.score,
        seconds=progress.seconds,
        seconds_left=progress.seconds_left,
        peak_memory_gib=progress.peak_memory_gib,
        tokens_per_second=progress.tokens_per_second,
    )


def curve_of(trial: Trial) -> list[CurvePoint]:
    """The validations of a trial."""
    return [
        CurvePoint(fidelity=point.fidelity, score=point.score, seconds=point.seconds, loss=point.loss)
        for point in trial.curve
    ]


def charts_of(record: StudyRecord, trials: Sequence[Trial], reference: ReferenceChart | None = None) -> Charts:
    """The numbers behind the figures, thinned to what a panel can draw."""
    return Charts(
        anytime=_anytime(trials),
        pareto=_pareto(trials),
        curves=_curves(trials),
        reference=reference,
        metric=record.task.metric.name,
        maximize=record.task.metric.maximize,
    )


def reference_of(front: "ReferenceFront | None") -> ReferenceChart | None:
    """The front of another search, to compare with."""
    if front is None:
        return None
    kept = thinned(front.seconds)
    return ReferenceChart(name=front.name, seconds=front.seconds[kept].tolist(), scores=front.scores[kept].tolist())


def snapshot_of(
    info: StudyInfo, record: StudyRecord, trials: Sequence[Trial], charts: Charts, *, device: Device | None, seq: int
) -> Snapshot:
    """All that is needed to draw a study."""
    newest = sorted(trials, key=lambda trial: trial.number)[-MOST_TRIALS:]
    return Snapshot(
        study=info,
        trials=[trial_row(trial, set_aside=trial.number in record.stopped) for trial in newest],
        trials_total=len(trials),
        progress=progress_of(record.progress) if record.progress else None,
        charts=charts,
        device=device,
        seq=seq,
    )


def thinned(items: Sized, most: int = MOST_POINTS) -> list[int]:
    """Indices of at most `most` items, evenly spaced, the first and the last included."""
    if len(items) <= most:
        return list(range(len(items)))
    return [round(index * (len(items) - 1) / (most - 1)) for index in range(most)]


def _anytime(trials: Sequence[Trial]) -> AnytimeChart:
    from xautolm_nb.plots import anytime

    data = anytime(trials)
    kept = thinned(data.seconds)
    return AnytimeChart(
        seconds=data.seconds[kept].tolist(),
        best=data.best[kept].tolist(),
        numbers=data.numbers[kept].tolist(),
        total_seconds=data.total_seconds,
    )


def _pareto(trials: Sequence[Trial]) -> ParetoChart:
    """Thinned as well, but the front stays whole while it is short enough."""
    from xautolm_nb.plots import pareto

    data = pareto(trials)
    front = [index for index in range(data.numbers.size) if data.front[index]]
    others = [index for index in range(data.numbers.size) if not data.front[index]]
    front = [front[place] for place in thinned(front)]
    room = max(2, MOST_POINTS - len(front))
    kept = sorted({*front, *(others[place] for place in thinned(others, room))})[:MOST_POINTS]
    return ParetoChart(
        numbers=data.numbers[kept].tolist(),
        seconds=data.seconds[kept].tolist(),
        scores=data.scores[kept].tolist(),
        front=data.front[kept].tolist(),
        complete=data.complete[kept].tolist(),
    )


def _curves(trials: Sequence[Trial]) -> list[CurveChart]:
    """The curves of the best trials and the newest, half and half, where there are too many."""
    from xautolm_nb.plots import learning_curves

    curves = learning_curves(_worth_a_curve(trials))
    return [
        CurveChart(
            number=curve.number,
            fidelity=curve.fidelity.tolist(),
            scores=curve.scores.tolist(),
            state=curve.state.value,
            best=curve.best,
        )
        for curve in curves
    ]


def _worth_a_curve(trials: Sequence[Trial]) -> list[Trial]:
    scored = [trial for trial in trials if trial.curve]
    if len(scored) <= MOST_CURVES:
        return scored
    best = [trial.number for trial in ranking(scored)[: MOST_CURVES // 2]]
    newest = [trial.number for trial in scored if trial.number not in best][-(MOST_CURVES - len(best)) :]
    return [trial for trial in scored if trial.number in {*best, *newest}]


def _expected_gain(trials: Iterable[Trial]) -> float | None:
    expected = [trial.expected["gain"] for trial in trials if "gain" in trial.expected]
    return expected[-1] if expected else None


def _count(trials: Iterable[Trial], state: TrialState) -> int:
    return sum(trial.state is state for trial in trials)
