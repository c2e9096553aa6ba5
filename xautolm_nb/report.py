"""What a study came to: tables, the test score beside honest references, the model card, the exported folder."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from xautolm_nb.card import model_card
from xautolm_nb.core.config import describe_config
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.files import write_text_atomically
from xautolm_nb.core.runner import Runner
from xautolm_nb.core.serial import from_plain, to_plain
from xautolm_nb.core.study import StudyRecord, StudyView
from xautolm_nb.core.task import Split
from xautolm_nb.core.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One row of the comparison on the test split."""

    name: str
    metrics: Mapping[str, float]
    """Score by metric, that of the task first: F1 and accuracy of classes, F1 and exact match of answers, ..."""
    seconds: float | None = None
    note: str = ""

    @property
    def score(self) -> float:
        """By the task's metric."""
        return next(iter(self.metrics.values()))

    @property
    def f1(self) -> float:
        """Macro-F1 of classes or token F1 of answers; the score where it is neither."""
        return self.metrics.get("f1", self.score)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished study in numbers. `references` holds the best pipeline first, then what it is compared with."""

    study: str
    name: str
    split: str
    """The split the references are scored on: `test`, or `validation` for a task without a test split."""
    best_trial: int
    best_config: dict[str, Any]
    best_score: float
    """Validation score of the best trial."""
    metric: str
    references: tuple[Reference, ...]
    trials: int
    failed: int
    failures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    prior: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """Where the store, the study's folder and the best weights lie."""
    code: tuple[str, ...] = ()
    """Whose own code the best pipeline runs, pinned; empty where the model is one of Transformers."""

    @property
    def test(self) -> Reference:
        """The best pipeline's row."""
        return self.references[0]

    @property
    def test_f1(self) -> float:
        """F1 of the best pipeline on the split of the report."""
        return self.test.f1

    @property
    def test_score(self) -> float:
        """Score of the best pipeline on the split of the report, by the task's metric."""
        return self.test.score

    def reference(self, name: str) -> Reference:
        """The row of that name.

        Raises:
            KeyError: There is none.
        """
        return next(row for row in self.references if row.name == name) if name in self.names else _missing(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the rows."""
        return tuple(row.name for row in self.references)

    @property
    def table(self) -> pd.DataFrame:
        """The references as a table, one row each."""
        rows = [
            {"pipeline": row.name, **{f"{self.split} {name}": value for name, value in row.metrics.items()},
             "seconds": row.seconds, "note": row.note}
            for row in self.references
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("pipeline")

    def __str__(self) -> str:
        lines = [f"{self.name}: best {self.metric} {self.best_score:.4f} on validation (trial {self.best_trial})"]
        lines.append(f"  {describe_config(self.best_config)}")
        lines.append(f"{self.split} split:")
        for row in self.references:
            lines.append(f"  {row.name:<32} " + "  ".join(f"{name} {value:.4f}" for name, value in row.metrics.items()))
        lines += [f"the model runs code of {pin}" for pin in self.code]
        lines.append(f"{self.trials} trials, {self.failed} failed, {self.seconds:.0f} s of search")
        lines += [f"  {name}: {place}" for name, place in self.places.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table: str = self.table.to_html(float_format=lambda value: f"{value:.4f}", na_rep="")
        return table


def _missing(name: str) -> Reference:
    raise KeyError(name)


def trials_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial: number, state, fidelity, score, seconds, memory, failure, reason, then the configuration."""
    names = sorted({name for trial in trials for name in trial.config}, key=lambda name: (name not in _FIRST, name))
    rows = [
        {
            "number": trial.number,
            "state": trial.state.value,
            "fidelity": trial.fidelity,
            "score": trial.score,
            "seconds": round(trial.seconds, 2),
            "peak_memory_gib": trial.measures.peak_memory_gib,
            "failure": trial.failure.kind.value if trial.failure else None,
            "message": trial.failure.message if trial.failure else None,
            **{name: trial.config.get(name) for name in names},
            "reason": trial.reason.partition("\n")[0],
        }
        for trial in trials
    ]
    columns = ["number", "state", "fidelity", "score", "seconds", "peak_memory_gib", "failure", "message"]
    frame = pd.DataFrame(rows, columns=[*columns, *names, "reason"])
    return frame.set_index("number")


_FIRST = ("model", "method")


def best_trial(view: StudyView) -> Trial:
    """The best trial of a study.

    Raises:
        StudyError: No trial has a score yet.
    """
    found = next((trial for trial in view.trials if trial.number == view.best), None)
    if found is None:
        raise StudyError(
            f"Study {view.record.name!r} has no trial with a score yet ({len(view.trials)} trials).",
            hint="Wait for the first validation, or look at session.trials for reasons of failure.",
        )
    return found


def make_report(
    view: StudyView,
    runner: Runner,
    *,
    default: Trial | None,
    references: bool,
    places: dict[str, str],
    code: tuple[str, ...] = (),
) -> Report:
    """Score the best pipeline and the references on the test split (validation where there is none).

    Args:
        view: The study.
        runner: Evaluates kept weights.
        default: The default fine-tuning, trained to the end; None leaves that row out.
        references: Whether to add the majority class and TF-IDF with logistic regression.
        places: Where things are stored.
        code: Whose own code the best model runs.
    """
    best = best_trial(view)
    record = view.record
    split: Split = "test" if record.task.rows.get("test") else "validation"
    rows = [_row("xautolm-nb (best)", runner.evaluate(record.task, best, split), best)]
    if default is not None:
        rows.append(_row("default fine-tuning", runner.evaluate(record.task, default, split), default))
    if references and record.task.kind == "classification":
        rows += simple_references(record, split)
    failures = [trial.failure.kind.value for trial in view.trials if trial.failure]
    return Report(
        study=record.id,
        name=record.name,
        split=split,
        best_trial=best.number,
        best_config=dict(best.config),
        best_score=best.score or 0.0,
        metric=record.task.metric.name,
        references=tuple(rows),
        trials=len(view.trials),
        failed=len(failures),
        failures={kind: failures.count(kind) for kind in sorted(set(failures))},
        seconds=record.spent_seconds,
        prior=dict(record.prior),
        places={**places, "best weights": str(Path(record.folder) / "trials" / f"{best.number:04d}" / "best")},
        code=code,
    )


def _row(name: str, scores: dict[str, float], trial: Trial) -> Reference:
    return Reference(name=name, metrics=scores, seconds=round(trial.seconds, 1), note=describe_config(trial.config))


def simple_references(record: StudyRecord, split: Split) -> list[Reference]:
    """Majority class, and TF-IDF with logistic regression, on the same splits; kept in the study's folder."""
    from xautolm_nb.tasks import references

    cache = Path(record.folder) / f"simple-references-{split}.json"
    if cache.exists():
        return from_plain(json.loads(cache.read_text()), list[Reference])
    found = [
        _simple("majority class", references.majority(record.task, split)),
        _simple("TF-IDF + logistic regression", references.tfidf(record.task, split, seed=record.task.seed)),
    ]
    write_text_atomically(cache, json.dumps(to_plain(found)))
    return found


def _simple(name: str, scores: dict[str, float]) -> Reference:
    metrics = {metric: value for metric, value in scores.items() if metric != "seconds"}
    return Reference(name=name, metrics=metrics, seconds=scores["seconds"])


def export_model(
    view: StudyView, runner: Runner, folder: Path, report: Report | None, *, code: tuple[str, ...] = ()
) -> Path:
    """Write the best model to `folder`, with a model card and `xautolm.json`.

    The folder holds safetensors, tokenizer and label map, and loads with Transformers alone. A model with code of its
    own takes that code along, and the card says whose it is (`code`). It is filled beside its place and moved there
    when whole.

    Raises:
        StudyError: `folder` exists and is not empty, or no trial has a score.
    """
    best = best_trial(view)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"The export expects a new or empty folder, but {folder} is not.", hint="Choose another name.")
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    try:
        runner.export(view.record.task, best, str(part))
        (part / "xautolm.json").write_text(json.dumps(_facts(view, best, report, code), indent=2, ensure_ascii=False))
        scores = {f"{report.split} {name}": value for name, value in report.test.metrics.items()} if report else {}
        pair = _is_encoder_decoder(part)
        card = model_card(view.record, best, scores, folder.name, is_encoder_decoder=pair, code=code)
        (part / "README.md").write_text(card)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _is_encoder_decoder(folder: Path) -> bool:
    file = folder / "config.json"
    return file.exists() and bool(json.loads(file.read_text()).get("is_encoder_decoder"))


def _facts(view: StudyView, best: Trial, report: Report | None, code: Sequence[str]) -> dict[str, Any]:
    record = view.record
    facts: dict[str, Any] = {
        "study": record.id,
        "task": to_plain(replace(record.task, folder="")),
        "config": dict(best.config),
        "seed": best.seed,
        "validation": {record.task.metric.name: best.score},
        "fidelity": best.best_point.fidelity if best.best_point else best.fidelity,
        "data_fingerprint": record.task.fingerprint,
        "versions": dict(record.versions),
    }
    if code:
        facts["code"] = list(code)
    if report is not None:
        facts[report.split] = dict(report.test.metrics)
    return facts
