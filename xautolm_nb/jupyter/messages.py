"""The types of the messages: events go to every front end, requests get exactly one answer each."""

from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from xautolm_nb.jupyter.objects import (
    Charts,
    Count,
    CurvePoint,
    Device,
    ModelRow,
    Plain,
    Preview,
    Progress,
    Snapshot,
    Source,
    StudyInfo,
    TaskSummary,
    TrialRow,
    Variable,
)  # fmt: skip

Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Message(Plain, tag_field="type"):
    """Base of all messages."""

    v: Literal[1]


# ---- events: kernel to front end -------------------------------------------------------------------------------------


class Event(Message):
    """Base of the events; `seq` rises by one, a gap means that something was missed."""

    seq: Count


class Hello(Event, tag="hello"):
    """Data of the opening message: who speaks, and the study it is about."""

    package: str
    study: str | None


class StudyChanged(Event, tag="study"):
    """State, message, budget or counts changed; also a sign of life every two seconds of a running study."""

    study: StudyInfo


class TrialChanged(Event, tag="trial"):
    """A trial started, was paused, finished or failed."""

    study: str
    trial: TrialRow


class ProgressMade(Event, tag="progress"):
    """The running trial went on; at most four a second."""

    study: str
    progress: Progress


class ChartsChanged(Event, tag="charts"):
    """A trial came back; at most one a second."""

    study: str
    charts: Charts


class DeviceRead(Event, tag="device"):
    """Memory, and the energy of a study, every two seconds while it runs."""

    study: str
    device: Device


class StudyEnded(Event, tag="finished"):
    """The loop ended."""

    study: str
    reason: str


# ---- requests: front end to kernel -----------------------------------------------------------------------------------


class Request(Message):
    """Base of the requests."""

    id: str


class Sync(Request, tag="sync"):
    """Everything about a study; null is the one this kernel shows."""

    study: str | None = None


class Variables(Request, tag="variables"):
    """The variables of the kernel that can be searched on."""


class PreviewData(Request, tag="preview"):
    """What a search would see of a variable, a file or a data set of the hub."""

    data: str
    source: Source
    text: list[str] | None = None
    label: str | None = None


class Models(Request, tag="models"):
    """The models a search may use."""


class Start(Request, tag="start"):
    """Start a search; `request` holds the options of `SearchRequest.from_mapping`."""

    data: str
    source: Source
    request: dict[str, Any]
    store: str | None = None


class Code(Request, tag="code"):
    """The Python that does what `start` would do."""

    data: str
    source: Source
    request: dict[str, Any]
    store: str | None = None


class Pause(Request, tag="pause"):
    """Hold a running study."""

    study: str


class Resume(Request, tag="resume"):
    """Go on, with more time if `budget` says so."""

    study: str
    budget: str | None = None


class Stop(Request, tag="stop"):
    """End a running study."""

    study: str


class StopTrial(Request, tag="stop_trial"):
    """End the running trial and leave it where it is."""

    study: str
    number: Count


class ReadTrial(Request, tag="trial"):
    """Everything about one trial."""

    study: str
    number: Count


class Studies(Request, tag="studies"):
    """The newest studies of the store."""

    limit: Limit = 20


class Open(Request, tag="open"):
    """Show a study; it is not started."""

    study: str


class Experiences(Request, tag="experiences"):
    """What the store knows of other tasks, the most similar to `study` first."""

    study: str | None = None
    limit: Limit = 20


class Export(Request, tag="export"):
    """Write the best model to a new folder."""

    study: str
    folder: str


AnyRequest: TypeAlias = (
    Sync | Variables | PreviewData | Models | Start | Code | Pause | Resume | Stop | StopTrial | ReadTrial | Studies
    | Open | Experiences | Export
)  # fmt: skip
AnyEvent: TypeAlias = (
    Hello | StudyChanged | TrialChanged | ProgressMade | ChartsChanged | DeviceRead | StudyEnded
)  # fmt: skip


# ---- answers: kernel to front end ------------------------------------------------------------------------------------


class Ack(Message, tag="ack"):
    """The request with this id was done; subclasses carry what came of it."""

    id: str


class ErrorAnswer(Message, tag="error"):
    """The request with this id was not done; null when the id could not be read."""

    id: str | None
    message: str
    hint: str


class SyncAck(Ack, tag="ack"):
    """Null when the kernel has no study."""

    snapshot: Snapshot | None
    seq: Count
    package: str


class VariablesAck(Ack, tag="ack"):
    """The newest variable last."""

    variables: list[Variable]


class PreviewAck(Ack, tag="ack"):
    """What a search would see."""

    preview: Preview


class ModelsAck(Ack, tag="ack"):
    """Smallest first."""

    models: list[ModelRow]
    machine: Device


class StartAck(Ack, tag="ack"):
    """The study that was started."""

    study: StudyInfo


class CodeAck(Ack, tag="ack"):
    """Python source."""

    code: str


class TrialAck(Ack, tag="ack"):
    """One trial with its reasons, its failure's log and its curve."""

    trial: TrialRow
    why: str
    detail: str
    curve: list[CurvePoint]


class StudiesAck(Ack, tag="ack"):
    """Newest first."""

    studies: list[StudyInfo]


class OpenAck(Ack, tag="ack"):
    """The study now shown."""

    snapshot: Snapshot


class ExperiencesAck(Ack, tag="ack"):
    """`total` counts the tasks of the store, those beyond the limit included."""

    tasks: list[TaskSummary]
    total: Count
    store: str


class ExportAck(Ack, tag="ack"):
    """Where the model lies."""

    folder: str


ACKS: dict[str, type[Ack]] = {
    "sync": SyncAck,
    "variables": VariablesAck,
    "preview": PreviewAck,
    "models": ModelsAck,
    "start": StartAck,
    "code": CodeAck,
    "pause": Ack,
    "resume": Ack,
    "stop": Ack,
    "stop_trial": Ack,
    "trial": TrialAck,
    "studies": StudiesAck,
    "open": OpenAck,
    "experiences": ExperiencesAck,
    "export": ExportAck,
}
"""What answers each request."""

EVENTS: dict[str, type[Event]] = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}
REQUESTS: dict[str, type[Request]] = {kind.__struct_config__.tag: kind for kind in get_args(AnyRequest)}
