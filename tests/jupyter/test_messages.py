"""Every type of message has a place in the tables, and every request an answer."""

from xautolm_nb.jupyter import messages
from xautolm_nb.jupyter.messages import ACKS, EVENTS, REQUESTS


def test_every_request_has_the_answer_that_the_contract_names() -> None:
    assert list(REQUESTS) == list(ACKS)
    fields = {name: set(kind.__struct_fields__) - {"v", "id"} for name, kind in ACKS.items()}
    assert fields["sync"] == {"snapshot", "seq", "package"}
    assert fields["trial"] == {"trial", "why", "detail", "curve"}
    assert all(not fields[name] for name in ("pause", "resume", "stop", "stop_trial"))


def test_every_event_counts() -> None:
    assert list(EVENTS) == ["hello", "study", "trial", "progress", "charts", "device", "finished"]
    assert all("seq" in kind.__struct_fields__ for kind in EVENTS.values())


def test_what_comes_from_the_kernel_has_no_field_that_may_be_left_out() -> None:
    for kind in [*EVENTS.values(), *ACKS.values(), messages.ErrorAnswer]:
        assert not kind.__struct_defaults__, kind
