"""A study as the panel draws it: complete, thinned, in plain numbers."""

from dataclasses import replace

import pytest
from wire_messages import RECORD, TRIALS

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyState
from xautolm_nb.core.trial import CurvePoint, Measures, Trial, TrialState
from xautolm_nb.jupyter.objects import MOST_CURVES, MOST_POINTS, MOST_TRIALS
from xautolm_nb.jupyter.present import charts_of, progress_of, reference_of, snapshot_of, study_info, thinned, trial_row
from xautolm_nb.jupyter.protocol import encode
from xautolm_nb.plots import reference_front


def many(count: int) -> list[Trial]:
    return [
        Trial(
            number=number,
            config={"model": "m"},
            seed=0,
            state=TrialState.COMPLETE,
            fidelity=1.0,
            curve=(CurvePoint(fidelity=1.0, score=(number * 37 % 1000) / 1000, seconds=1.0 + number % 7),),
            measures=Measures(seconds_train=1.0 + number % 7),
        )
        for number in range(count)
    ]


def test_the_headline_counts_and_names_the_best() -> None:
    info = study_info(RECORD, TRIALS, here=False, store="s")
    assert (info.trials, info.complete, info.failed, info.best, info.best_score) == (4, 1, 1, 0, 0.78)
    assert (info.seconds_left, info.expected_gain, info.here) == (474.5, 0.01, False)


@pytest.mark.parametrize("state", [StudyState.FINISHED, StudyState.STOPPED, StudyState.FAILED])
def test_an_ended_study_has_no_time_left(state: StudyState) -> None:
    assert study_info(replace(RECORD, state=state), (), here=True, store="s").seconds_left is None


def test_a_study_over_its_budget_has_no_negative_time_left() -> None:
    info = study_info(replace(RECORD, spent_seconds=700.0), (), here=True, store="s")
    assert info.seconds_left == 0.0
    assert (info.best, info.expected_gain) == (None, None)


def test_a_row_says_that_a_trial_was_stopped_by_hand() -> None:
    assert trial_row(TRIALS[1], set_aside=True).reason.startswith("stopped on request; expected")
    assert "\n" not in trial_row(TRIALS[1]).reason


def test_a_phase_nobody_knows_counts_as_training() -> None:
    assert progress_of(TrialProgress(number=0, phase="warming", step=0, total=1, fidelity=0.0)).phase == "train"


def test_charts_are_thinned_and_keep_ends_front_and_best() -> None:
    trials = many(1500)
    charts = charts_of(RECORD, trials)
    assert len(charts.anytime.seconds) == MOST_POINTS
    assert charts.anytime.best[-1] == max(trial.score for trial in trials if trial.score is not None)
    assert len(charts.pareto.numbers) <= MOST_POINTS
    whole = charts_of(RECORD, trials[:1])
    assert whole.pareto.front == [True]
    assert sum(charts.pareto.front) >= 1
    assert len(charts.curves) == MOST_CURVES
    assert [curve.number for curve in charts.curves if curve.best]


def test_a_front_to_compare_with_is_by_rising_seconds() -> None:
    assert reference_of(None) is None
    front = reference_of(reference_front("without experience", many(50)))
    assert front is not None
    assert front.seconds == sorted(front.seconds) and front.scores == sorted(front.scores)
    assert charts_of(RECORD, (), front).reference is front


def test_the_numbers_of_a_chart_have_equal_lengths() -> None:
    charts = encode_charts()
    for name in ("anytime", "pareto"):
        lengths = {len(value) for value in charts[name].values() if isinstance(value, list)}
        assert len(lengths) == 1, name


def encode_charts() -> dict[str, dict[str, object]]:
    import msgspec

    charts: dict[str, dict[str, object]] = msgspec.to_builtins(charts_of(RECORD, TRIALS))
    return charts


def test_a_snapshot_keeps_the_newest_trials_and_counts_all() -> None:
    trials = many(MOST_TRIALS + 5)
    info = study_info(RECORD, trials, here=True, store="s")
    snapshot = snapshot_of(info, replace(RECORD, progress=None), trials, charts_of(RECORD, trials), device=None, seq=7)
    assert (len(snapshot.trials), snapshot.trials_total, snapshot.seq) == (MOST_TRIALS, MOST_TRIALS + 5, 7)
    assert snapshot.trials[0].number == 5
    assert snapshot.progress is None


@pytest.mark.parametrize(("count", "most"), [(0, 5), (3, 5), (5, 5), (1000, 7)])
def test_thinning_keeps_both_ends(count: int, most: int) -> None:
    kept = thinned(range(count), most)
    assert len(kept) == min(count, most) == len(set(kept))
    assert not count or (kept[0], kept[-1]) == (0, count - 1)


def test_an_empty_study_can_be_drawn() -> None:
    info = study_info(RECORD, (), here=True, store="s")
    snapshot = snapshot_of(info, RECORD, (), charts_of(RECORD, ()), device=None, seq=0)
    assert encode_snapshot(snapshot)["charts"]["curves"] == []


def encode_snapshot(snapshot: object) -> dict[str, dict[str, object]]:
    from xautolm_nb.jupyter.messages import OpenAck

    return encode(OpenAck(v=1, id="a", snapshot=snapshot))["snapshot"]  # type: ignore[arg-type, no-any-return]
