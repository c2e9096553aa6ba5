import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.space.hub import current_commit, hub_reachable
from xautolm_nb.space.trust import parse_grant

COMMIT = "c3" * 20


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub that knows one repository, whose branches `main` and `dev` are at one commit."""
    known = {f"/api/models/some/model{end}" for end in ("", "/revision/main", "/revision/dev")}

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            found = self.path.partition("?")[0] in known
            body = json.dumps({"id": "some/model", "sha": COMMIT} if found else {"error": "Not found"}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", address, raising=False)
        monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", address)
        yield address
        server.shutdown()


@pytest.fixture
def online(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)


def test_a_hub_that_answers_is_reachable_unless_switched_off(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert not hub_reachable()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    assert hub_reachable()
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    assert not hub_reachable()


def test_a_hub_that_does_not_answer_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert not hub_reachable(0.5)
    assert current_commit("some/model") is None


@pytest.mark.usefixtures("online")
def test_a_branch_is_told_by_its_commit() -> None:
    assert current_commit("some/model") == COMMIT
    assert current_commit("some/model", "dev") == COMMIT
    assert current_commit("some/model", "gone") is None
    assert current_commit("no/model") is None


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("entry", ["some/model@dev", "some/model@main", "some/model"])
def test_a_branch_is_refused_with_the_commit_to_copy(entry: str) -> None:
    with pytest.raises(RequestError, match=f"It stands for some/model@{COMMIT} now"):
        parse_grant(entry)
