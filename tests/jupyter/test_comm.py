"""The contract of the two comms, on a real kernel: one answer each, beside running cells where there are subshells."""

import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from kernels import Kernel, Panel
from wire_messages import FOLDER, HOSTILE

from xautolm_nb.core.errors import RequestError
from xautolm_nb.jupyter.comm import MOST_CONTROLS, ControlComms, error_answer
from xautolm_nb.jupyter.messages import ACKS, Ack, AnyRequest
from xautolm_nb.jupyter.protocol import schema

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SLOW = "from slow_world import slow_session\nsession = slow_session({options})\nsession.start()\nNone"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(XAUTOLM_HOME=str(tmp_path_factory.mktemp("home")), HF_HUB_OFFLINE="1") as running:
        running.run("%load_ext xautolm_nb")
        yield running


@pytest.fixture
def panel(kernel: Kernel) -> Panel:
    return Panel(kernel)


@pytest.fixture
def study(kernel: Kernel, panel: Panel) -> Iterator[str]:
    """A search that runs in the kernel; stopped at the end."""
    kernel.run(SLOW.format(options="trials=500, seconds=5.0"))
    identifier = kernel.run("print(session.id)").strip()
    kernel.until(lambda: any(event["type"] == "progress" for event in panel.events))
    yield identifier
    kernel.run("session.is_over or session.stop(); session.wait(30); None")


def validated(group: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    whole = schema()
    check = jsonschema.Draft202012Validator({**whole, "anyOf": [{"$ref": f"#/$defs/{group}"}]})
    for message in messages:
        check.validate(message)
    return messages


# ---- the real kernel -------------------------------------------------------------------------------------------------


def test_loading_opens_the_doorbell_and_says_hello(kernel: Kernel) -> None:
    (comm,) = kernel.comms("xautolm_nb.events")
    assert kernel.opened("xautolm_nb.events") == [comm]
    hello = kernel.sent(comm)[0]
    assert (hello["type"], hello["seq"], hello["study"], hello["v"]) == ("hello", 0, None, 1)
    kernel.run("import xautolm_nb.jupyter.magic as m; m.load(get_ipython())")
    assert kernel.comms("xautolm_nb.events") == [comm]


def test_a_panel_opens_with_its_first_request_and_is_told_there_is_no_study(panel: Panel) -> None:
    (said,) = validated("Answer", panel.answers("first"))
    assert (said["snapshot"], said["seq"]) == (None, 0)


@pytest.mark.parametrize(
    "data",
    [
        {"v": 1, "id": "x1", "type": "dance"},
        {"v": 9, "id": "x2", "type": "sync"},
        {"v": 1, "id": "x3", "type": "stop"},
        {"v": 1, "id": "x4", "type": "stop", "study": "nope"},
        {"v": 1, "id": "x5", "type": "sync", "study": HOSTILE},
        {"v": 1, "id": "x6", "type": "start", "data": HOSTILE, "source": "file", "request": {HOSTILE: 1}},
        {"v": 1, "id": 7, "type": "sync"},
        {"id": "x8"},
        [],
        "stop",
        None,
    ],
    ids=repr,
)
def test_what_cannot_be_done_is_answered_once_with_an_error(panel: Panel, data: Any) -> None:
    identifier = data.get("id") if isinstance(data, dict) and isinstance(data.get("id"), str) else None
    panel.send(data)
    panel.kernel.until(lambda: panel.answers(identifier))
    panel.ask("variables")
    time.sleep(0.2)
    (said,) = validated("Answer", [answer for answer in panel.answers(identifier) if answer])
    assert said["type"] == "error" and said["message"]


def test_golden_requests_get_one_answer_each_of_the_right_shape(panel: Panel) -> None:
    names = [name for name in ACKS if name not in ("models", "start")]  # those import and train
    sent = {name: json.loads((FOLDER / f"control.{name}.json").read_text()) for name in names}
    for name, data in sent.items():
        panel.send({**data, "id": f"golden-{name}"})
    for name in names:
        panel.kernel.until(lambda name=name: panel.answers(f"golden-{name}"))
    time.sleep(0.3)
    answers = [panel.answers(f"golden-{name}") for name in names]
    assert [len(answer) for answer in answers] == [1] * len(names)
    validated("Answer", [answer[0] for answer in answers])


def test_many_requests_at_once_are_all_answered_once(panel: Panel) -> None:
    kinds = ("variables", "sync", "studies", "experiences")
    posted = [panel.post(kinds[number % len(kinds)]) for number in range(200)]
    for identifier in posted:
        panel.kernel.until(lambda identifier=identifier: panel.answers(identifier))
    assert [len(panel.answers(identifier)) for identifier in posted] == [1] * 200


def test_a_search_is_told_in_order_and_by_the_schema(kernel: Kernel, panel: Panel, study: str) -> None:
    snapshot = validated("Answer", [panel.ask("sync")])[0]["snapshot"]
    assert snapshot["study"]["id"] == study and snapshot["study"]["here"]
    kernel.until(lambda: sum(event["type"] == "progress" for event in panel.events) > 5)
    assert panel.ask("stop", study=study)["type"] == "ack"
    kernel.until(lambda: panel.events and panel.events[-1]["type"] == "finished")
    events = validated("Event", panel.events)
    assert [event["seq"] for event in events] == list(range(len(events)))
    times = [
        message["came"]
        for message in kernel.published
        if message["msg_type"] == "comm_msg" and message["content"]["data"].get("type") == "progress"
    ]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(gaps) > 4 and min(gaps) > 0.15


def test_buttons_act_while_only_the_search_runs(kernel: Kernel, panel: Panel, study: str) -> None:
    waits = []
    for _ in range(5):
        for kind in ("pause", "resume"):
            started = time.monotonic()
            assert panel.ask(kind, study=study)["type"] == "ack"
            waits.append(time.monotonic() - started)
    assert statistics.median(waits) < 0.2, waits


def test_stop_is_acknowledged_while_a_cell_blocks(kernel: Kernel, panel: Panel, study: str) -> None:
    if panel.subshell is None:
        pytest.skip("this ipykernel has no subshells: messages wait for the cell")
    cell = kernel.start("import time\nfor _ in range(60): time.sleep(0.1)")
    kernel.until(lambda: any(m["msg_type"] == "execute_input" and "range(60)" in str(m) for m in kernel.published))
    waits = []
    for kind in ("studies", "pause", "experiences", "pause", "sync", "stop"):  # slow ones must not move the comm away
        started = time.monotonic()
        said = panel.ask(kind, **({"study": study} if kind in ("pause", "stop") else {}))
        waits.append(time.monotonic() - started)
        assert said["type"] == "ack", said
    assert kernel._replies.get(cell) is None, "the cell was to block all the while"
    assert max(waits[1::2]) < 0.2, waits
    kernel.until(lambda: panel.events[-1]["type"] == "finished", 30)
    assert kernel._replies.get(cell) is None
    assert kernel.wait(cell)["status"] == "ok"


def test_a_request_fires_no_cell_events(kernel: Kernel, panel: Panel) -> None:
    # pyplot's inline back end shows and closes all figures at `post_execute`: a click would tear a running cell's.
    kernel.run("fired = []\nget_ipython().events.register('post_execute', lambda: fired.append(1))")
    before = int(kernel.run("print(len(fired))"))
    for _ in range(5):
        panel.ask("variables")
        panel.ask("studies")
    assert int(kernel.run("print(len(fired))")) == before + 1


def test_a_comm_closed_by_a_front_end_without_our_extension_is_opened_for_the_next_panel(kernel: Kernel) -> None:
    before = kernel.opened("xautolm_nb.events")
    kernel.send("comm_close", {"comm_id": before[-1], "data": {}})
    kernel.until(lambda: not kernel.comms("xautolm_nb.events"))
    panel = Panel(kernel)
    kernel.until(lambda: len(kernel.opened("xautolm_nb.events")) > len(before))
    assert panel.events[0]["type"] == "hello" and panel.events[0]["seq"] == 0
    kernel.send("comm_close", {"comm_id": kernel.opened("xautolm_nb.events")[-1], "data": {}})
    kernel.until(lambda: not kernel.comms("xautolm_nb.events"))
    panel.ask("studies")
    assert len(kernel.comms("xautolm_nb.events")) == 1


def test_pages_that_were_reloaded_leave_nothing_behind(kernel: Kernel) -> None:
    subshell = kernel.new_subshell() if kernel.has_subshells else None
    for number in range(MOST_CONTROLS + 10):
        content = {"comm_id": f"page-{number}", "target_name": "xautolm_nb.control", "data": {}}
        kernel.send("comm_open", content, subshell)
    kernel.until(lambda: f"page-{MOST_CONTROLS + 9}" in kernel.comms("xautolm_nb.control"))
    assert len(kernel.comms("xautolm_nb.control")) <= MOST_CONTROLS


def test_nothing_was_printed_into_cells(kernel: Kernel) -> None:
    streams = [m["content"] for m in kernel.published if m["msg_type"] == "stream"]
    assert [said["text"] for said in streams if said["name"] == "stderr"] == []


# ---- without a kernel ------------------------------------------------------------------------------------------------


class Sent(list[dict[str, Any]]):
    def wait(self, count: int) -> "Sent":
        deadline = time.monotonic() + 10
        while len(self) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("error", [RequestError("no", hint="do"), KeyError("x"), SystemExit(3), RecursionError()])
def test_whatever_goes_wrong_is_one_error_answer(quick: bool, error: BaseException) -> None:
    def fail(request: AnyRequest) -> Ack:
        raise error

    sent = Sent()
    ControlComms(fail, is_quick=lambda request: quick).receive({"v": 1, "id": "a", "type": "variables"}, sent.append)
    (said,) = sent.wait(1)
    assert (said["type"], said["id"]) == ("error", "a")
    assert said["hint"] == ("do" if isinstance(error, RequestError) else error_answer("a", error).hint)


def test_slow_requests_do_not_hold_up_quick_ones_and_at_most_eight_run_at_once() -> None:
    go, running, most = threading.Event(), [0], [0]

    def answer(request: AnyRequest) -> Ack:
        if request.id.startswith("slow"):
            running[0] += 1
            most[0] = max(most[0], running[0])
            go.wait(10)
            running[0] -= 1
        return Ack(v=1, id=request.id)

    sent = Sent()
    control = ControlComms(answer, is_quick=lambda request: not request.id.startswith("slow"))
    for number in range(20):
        control.receive({"v": 1, "id": f"slow{number}", "type": "variables"}, sent.append)
    control.receive({"v": 1, "id": "quick", "type": "variables"}, sent.append)
    assert [said["id"] for said in sent] == ["quick"]
    go.set()
    assert len(sent.wait(21)) == 21
    assert most[0] <= 8


def test_without_a_kernel_comms_are_silent() -> None:
    from xautolm_nb.jupyter.comm import EventsComm
    from xautolm_nb.jupyter.messages import StudyEnded

    events = EventsComm(lambda: None)
    events.publish(StudyEnded, study="a", reason="b")
    assert events.seq == 0
    events.ensure_open()
    events.publish(StudyEnded, study="a", reason="b")
    assert events.seq == 1
    events.close()
    assert not events.is_open
