"""One grammar for the command line and the magic: verbs, their options, and what each does.

A verb returns a `Result`: the object for a notebook, text for a person, plain data for `--json`. It prints nothing.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.serial import to_plain
from xautolm_nb.core.study import StudyView
from xautolm_nb.grammar import parser
from xautolm_nb.options import ALIASES
from xautolm_nb.request import METHODS, SearchRequest
from xautolm_nb.session import Session, find_session, start_session
from xautolm_nb.store import ExperienceStore


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a verb came to."""

    value: Any
    """The object a notebook gets."""
    text: str
    """What a terminal shows."""
    data: Any
    """What `--json` writes."""
    follow: Session | None = None
    """A session that the front end should show until it ends; `finish` then gives the last result."""
    shows_itself: bool = False
    """Whether a notebook should show the object, where it would otherwise print the text."""


def run_verb(words: Sequence[str], *, variables: Mapping[str, Any] | None = None, prog: str = "xautolm") -> Result:
    """Parse `words` and do what they say.

    Args:
        words: Verb and options.
        variables: Names that may stand for data, such as a notebook's variables.
        prog: Name in help and error texts.

    Raises:
        XAutoLMError: Wrong use, or the verb failed.
        SystemExit: Help was asked for and printed.
    """
    options = parser(prog).parse_args(list(words))
    return _VERBS[options.verb](options, variables or {})


def finish(session: Session) -> Result:
    """The last word on a session that was followed to its end."""
    view = session.view()
    return Result(value=session, text=_status_text(view), data=_study_data(view))


def _start(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    names = {field.name for field in fields(SearchRequest)} | ALIASES.keys()
    chosen = {name: value for name, value in vars(options).items() if name in names and value is not None}
    if options.data in variables:
        chosen.setdefault("name", options.data)
    session = start_session(_data(options.data, variables), store=options.store, options=chosen)
    said = f"started {session.id}" + "".join(f"\nruns code of {pin}" for pin in options.trust_code or ())
    return Result(value=session, text=said, data={"study": session.id}, follow=session)


def _data(name: str, variables: Mapping[str, Any]) -> Any:
    return variables.get(name, name)


def _status(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    return finish(find_session(options.study, store=options.store))


def _pause(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    session = find_session(options.study, store=options.store)
    session.pause()
    return Result(value=session, text=f"asked {session.id} to pause", data={"study": session.id, "asked": "pause"})


def _stop(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    session = find_session(options.study, store=options.store)
    session.stop()
    return Result(value=session, text=f"asked {session.id} to stop", data={"study": session.id, "asked": "stop"})


def _stop_trial(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    session = find_session(options.study, store=options.store)
    session.stop_trial(options.number)
    said = {"study": session.id, "asked": "stop_trial", "number": options.number}
    return Result(value=session, text=f"asked {session.id} to stop trial {options.number}", data=said)


def _resume(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    session = find_session(options.study, store=options.store).resume(options.budget)
    return Result(value=session, text=f"resumed {session.id}", data={"study": session.id}, follow=session)


def _attach(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    session = find_session(options.study, store=options.store)
    return Result(value=session, text=repr(session), data={"study": session.id}, follow=session)


def _best(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    trial = find_session(options.study, store=options.store).best
    lines = [f"trial {trial.number}: score {trial.score:.4f} after {trial.seconds:.0f} s"]
    lines += [f"  {name} = {value}" for name, value in sorted(trial.config.items())]
    return Result(value=trial, text="\n".join(lines), data={**to_plain(trial), "score": trial.score})


def _report(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    report = find_session(options.study, store=options.store).report(default=options.default)
    return Result(value=report, text=str(report), data=to_plain(report))


def _export(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    folder = find_session(options.study, store=options.store).export(options.to)
    own = ", trust_remote_code=True" if any(folder.glob("*.py")) else ""
    use = f'from transformers import pipeline\nclassify = pipeline("text-classification", "{folder}"{own})'
    return Result(value=folder, text=f"wrote {folder}\n{use}", data={"folder": str(folder)})


def _plot(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    kind = None if options.kind == "overview" else options.kind
    plot = find_session(options.study, store=options.store).plot(kind, dark=options.dark)
    tables = {kind: to_plain(table) for kind, table in zip(plot.kinds, plot.tables, strict=True)}
    data = {"words": plot.words, "tables": tables}
    if options.to is None:
        return Result(value=plot, text=plot.words, data=data, shows_itself=True)
    path = plot.save(options.to)
    return Result(value=path, text=f"wrote {path}", data={**data, "path": str(path)})


def _studies(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    import pandas as pd

    with ExperienceStore.open(options.store) as store:
        views = [Session(store, record.id).view() for record in store.studies()]
    rows = [_study_row(view) for view in views]
    frame = pd.DataFrame(rows)
    return Result(value=frame, text=frame.to_string(index=False) if rows else "no studies yet", data=rows)


def _describe(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    import tempfile

    from xautolm_nb.metafeatures import describe_task, feature_names
    from xautolm_nb.tasks import prepare_task

    request = SearchRequest.from_mapping({"text": options.text, "label": options.label, "group": options.group})
    with tempfile.TemporaryDirectory() as folder:
        task, checks = prepare_task(
            _data(options.data, variables),
            text=list(request.text) if request.text else None,
            label=request.label,
            group=request.group,
            folder=Path(folder) / "data",
        )
        features = describe_task(task)
    named = dict(zip(feature_names(task.kind), features.paper, strict=True))
    lines = [f"{task.name}: {task.kind}, text {', '.join(task.text)}, label {task.label}, {len(task.labels)} classes"]
    lines += [f"  {name:<24} {value:.6g}" for name, value in {**named, **features.extra}.items()]
    data = {"task": to_plain(task), "metafeatures": to_plain(features), "named": named, "checks": to_plain(checks)}
    return Result(value=features, text="\n".join(lines), data=data)


def _machine(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    from xautolm_nb.metafeatures import probe_system
    from xautolm_nb.space import DEFAULT_POOL, discover_models, fit_table

    system = probe_system(options.device)
    asked = tuple(options.models.split(",")) if options.models else None
    found = discover_models(asked, trust_code=options.trust_code or ())
    names = {model.id for model in found}
    pool = found if asked else [*found, *(model for model in DEFAULT_POOL if model.id not in names)]
    rows = fit_table(pool, system)
    memory = f"{system.gpu_memory_gib:.1f} GiB GPU memory, " if system.gpu_count else ""
    lines = [
        f"device {system.device} ({system.gpu_name or 'no GPU'}), {memory}{system.memory_gib:.1f} GiB host memory",
        "predicted GiB at one row of 128 tokens a pass, and the methods that fit:",
        f"{'model':<46} {'where':<6} {'full':>7} {'partial':>7} {'lora':>7} {'head':>7}  fits",
    ]
    lines += [_fit_line(row) for row in rows]
    return Result(value=system, text="\n".join(lines), data={"system": to_plain(system), "models": rows})


def _fit_line(row: Mapping[str, Any]) -> str:
    needs = " ".join(f"{row[method]:>7.2f}" if row[method] is not None else f"{'-':>7}" for method in METHODS)
    code = "".join(f"; runs code of {pin}" for pin in row["code"])
    return f"{row['model']:<46} {row['where']:<6} {needs}  {', '.join(row['fits']) or 'no: ' + row['reason']}{code}"


def _store(options: argparse.Namespace, variables: Mapping[str, Any]) -> Result:
    with ExperienceStore.open(options.store) as store:
        return _STORE_ACTIONS[options.action](options, store)


def _store_info(options: argparse.Namespace, store: ExperienceStore) -> Result:
    from xautolm_nb.store import describe_starter

    info = store.info()
    starter = {"in_use": not info["experiences"], **describe_starter()}
    lines = [f"{name}: {value}" for name, value in info.items()] + [f"starter: {_starter_text(starter)}"]
    info["starter"] = starter
    return Result(value=info, text="\n".join(lines), data=to_plain(info))


def _starter_text(starter: Mapping[str, Any]) -> str:
    what = f"{starter['experiences']} experiences with {', '.join(starter['by_task'])} that ship with the package"
    made = f"made by {', '.join(starter['made_by'])} on {'; '.join(starter['machines'])}"
    if starter["in_use"]:
        return f"in use until the store has its own: {what}, {made}. Switch it off with --no-starter."
    return f"not in use where the store has its own: {what}"


def _store_import(options: argparse.Namespace, store: ExperienceStore) -> Result:
    from xautolm_nb.space import MODEL_IDS
    from xautolm_nb.store import import_path

    summary = import_path(store, Path(options.path), on_error=options.on_error, model_ids=MODEL_IDS)
    return Result(value=summary, text=str(summary), data=to_plain(summary))


def _store_export(options: argparse.Namespace, store: ExperienceStore) -> Result:
    from xautolm_nb.store import export_parquet

    count = export_parquet(store, Path(options.path))
    return Result(
        value=count, text=f"wrote {count} experiences to {options.path}", data={"count": count, "path": options.path}
    )


def _store_merge(options: argparse.Namespace, store: ExperienceStore) -> Result:
    from xautolm_nb.store import merge

    if not Path(options.other).exists() and "://" not in options.other:
        raise StudyError(f"There is no store at {options.other}.", hint="Name an existing file or a database URL.")
    with ExperienceStore.open(options.other) as other:
        count = merge(store, other)
    return Result(value=count, text=f"took over {count} new experiences", data={"new": count})


def _store_doctor(options: argparse.Namespace, store: ExperienceStore) -> Result:
    findings = store.doctor(repair=options.repair)
    text = "\n".join(str(finding) for finding in findings) or "the store is sound"
    return Result(value=findings, text=text, data=to_plain(findings))


_VERBS: dict[str, Callable[[argparse.Namespace, Mapping[str, Any]], Result]] = {
    "start": _start,
    "status": _status,
    "pause": _pause,
    "stop": _stop,
    "stop-trial": _stop_trial,
    "resume": _resume,
    "attach": _attach,
    "best": _best,
    "report": _report,
    "export": _export,
    "plot": _plot,
    "studies": _studies,
    "describe": _describe,
    "machine": _machine,
    "store": _store,
}
_STORE_ACTIONS = {
    "info": _store_info,
    "import": _store_import,
    "export": _store_export,
    "merge": _store_merge,
    "doctor": _store_doctor,
}


def _study_row(view: StudyView) -> dict[str, Any]:
    record = view.record
    best = next((trial for trial in view.trials if trial.number == view.best), None)
    states = [trial.state.value for trial in view.trials]
    return {
        "study": record.id,
        "name": record.name,
        "state": record.state.value,
        "trials": len(states),
        "complete": states.count("complete"),
        "failed": states.count("failed"),
        "best": best.score if best else None,
        "spent_seconds": round(record.spent_seconds, 1),
        "budget_seconds": record.budget_seconds,
        "created_at": record.created_at,
    }


def _study_data(view: StudyView) -> dict[str, Any]:
    best = next((trial for trial in view.trials if trial.number == view.best), None)
    return {
        **_study_row(view),
        "metric": view.record.task.metric.name,
        "message": view.record.message,
        "folder": view.record.folder,
        "best_trial": {**to_plain(best), "score": best.score} if best else None,
        "pareto": list(view.pareto),
        "prior": to_plain(view.record.prior),
        "trials_list": [{**to_plain(trial), "score": trial.score, "seconds": trial.seconds} for trial in view.trials],
    }


def _status_text(view: StudyView) -> str:
    row = _study_row(view)
    score = f"{row['best']:.4f}" if row["best"] is not None else "none yet"
    lines = [
        f"{row['name']} ({row['study']}): {row['state']}, {row['spent_seconds']:.0f} of {row['budget_seconds']:.0f} s",
        f"  {row['trials']} trials, {row['complete']} complete, {row['failed']} failed; best {score}",
    ]
    if view.record.message:
        lines.append(f"  {view.record.message}")
    return "\n".join(lines)
