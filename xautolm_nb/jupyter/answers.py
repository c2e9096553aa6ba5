"""What each request comes to: one short function each, over the same parts that code and magics use.

Requests that must be answered before anything heavy is imported are answered in `kernel`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xautolm_nb.jupyter import messages
from xautolm_nb.jupyter.device import read_device
from xautolm_nb.jupyter.hub import Hub
from xautolm_nb.jupyter.messages import Ack, AnyRequest, Request
from xautolm_nb.jupyter.objects import Source
from xautolm_nb.jupyter.present import curve_of, trial_row
from xautolm_nb.jupyter.protocol import VERSION, package_version
from xautolm_nb.jupyter.snippet import python_code
from xautolm_nb.jupyter.variables import variable
from xautolm_nb.session import Session, start_session


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What requests are about: the study that is shown, and the variables of the kernel."""

    hub: Hub
    variables: Mapping[str, Any]

    def data(self, name: str, source: Source) -> Any:
        """What `name` stands for: the value of a variable, or a file or hub id that is read later.

        Raises:
            TaskError: There is no such variable.
        """
        return variable(self.variables, name) if source == "variable" else name


def answer(scope: Scope, request: AnyRequest) -> Ack:
    """Do what is asked.

    Raises:
        XAutoLMError: It cannot be done.
    """
    return _ANSWERS[type(request)](scope, request)


# ---- data, models, experience ----------------------------------------------------------------------------------------


def _preview(scope: Scope, request: messages.PreviewData) -> Ack:
    from xautolm_nb.jupyter.preview import preview_data

    preview = preview_data(scope.data(request.data, request.source), text=request.text, label=request.label)
    return messages.PreviewAck(v=VERSION, id=request.id, preview=preview)


def _models(scope: Scope, request: messages.Models) -> Ack:
    from xautolm_nb.jupyter.browse import list_models

    return messages.ModelsAck(v=VERSION, id=request.id, models=list_models(), machine=read_device())


def _experiences(scope: Scope, request: messages.Experiences) -> Ack:
    from xautolm_nb.jupyter.browse import list_tasks

    context = scope.hub.session_of(request.study).record.context if request.study is not None else None
    tasks, total = list_tasks(scope.hub.store, context, request.limit)
    store = scope.hub.store.location
    return messages.ExperiencesAck(v=VERSION, id=request.id, tasks=tasks, total=total, store=store)


# ---- a study ---------------------------------------------------------------------------------------------------------


def _sync(scope: Scope, request: messages.Sync) -> Ack:
    session = scope.hub.session_of(request.study) if request.study is not None else None
    snapshot = scope.hub.snapshot(session)
    seq = snapshot.seq if snapshot is not None else scope.hub.seq
    return messages.SyncAck(v=VERSION, id=request.id, snapshot=snapshot, seq=seq, package=package_version())


def _start(scope: Scope, request: messages.Start) -> Ack:
    data = scope.data(request.data, request.source)
    session = start_session(data, store=request.store, options=request.request)  # the hub follows what is started
    return messages.StartAck(v=VERSION, id=request.id, study=scope.hub.info(session))


def _code(scope: Scope, request: messages.Code) -> Ack:
    code = python_code(request.data, request.source, request.request, store=request.store)
    return messages.CodeAck(v=VERSION, id=request.id, code=code)


def _pause(scope: Scope, request: messages.Pause) -> Ack:
    scope.hub.session_of(request.study).pause()
    return Ack(v=VERSION, id=request.id)


def _resume(scope: Scope, request: messages.Resume) -> Ack:
    scope.hub.session_of(request.study).resume(request.budget)
    return Ack(v=VERSION, id=request.id)


def _stop(scope: Scope, request: messages.Stop) -> Ack:
    scope.hub.session_of(request.study).stop()
    return Ack(v=VERSION, id=request.id)


def _stop_trial(scope: Scope, request: messages.StopTrial) -> Ack:
    scope.hub.session_of(request.study).stop_trial(request.number)
    return Ack(v=VERSION, id=request.id)


def _trial(scope: Scope, request: messages.ReadTrial) -> Ack:
    session = scope.hub.session_of(request.study)
    trial = session.trial(request.number)
    return messages.TrialAck(
        v=VERSION,
        id=request.id,
        trial=trial_row(trial, set_aside=trial.number in session.record.stopped),
        why=trial.reason,
        detail=trial.failure.detail if trial.failure else "",
        curve=curve_of(trial),
    )


def _studies(scope: Scope, request: messages.Studies) -> Ack:
    store = scope.hub.store
    sessions = [Session(store, record.id) for record in store.studies()[: request.limit]]
    return messages.StudiesAck(v=VERSION, id=request.id, studies=[scope.hub.info(session) for session in sessions])


def _open(scope: Scope, request: messages.Open) -> Ack:
    session = scope.hub.session_of(request.study)
    scope.hub.follow(session)
    snapshot = scope.hub.snapshot(session)
    assert snapshot is not None
    return messages.OpenAck(v=VERSION, id=request.id, snapshot=snapshot)


def _export(scope: Scope, request: messages.Export) -> Ack:
    folder = scope.hub.session_of(request.study).export(request.folder)
    return messages.ExportAck(v=VERSION, id=request.id, folder=str(folder))


_ANSWERS: dict[type[Request], Callable[[Scope, Any], Ack]] = {
    messages.Sync: _sync,
    messages.PreviewData: _preview,
    messages.Models: _models,
    messages.Start: _start,
    messages.Code: _code,
    messages.Pause: _pause,
    messages.Resume: _resume,
    messages.Stop: _stop,
    messages.StopTrial: _stop_trial,
    messages.ReadTrial: _trial,
    messages.Studies: _studies,
    messages.Open: _open,
    messages.Experiences: _experiences,
    messages.Export: _export,
}
