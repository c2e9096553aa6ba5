import os
from pathlib import Path

import pytest

from benchmarks import postgres
from benchmarks.postgres import NoServer, find_programs, serve
from benchmarks.store import race


def test_without_the_programs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.shutil, "which", lambda _name: None)
    monkeypatch.setattr(postgres.Path, "glob", lambda *_: iter(()))
    with pytest.raises(NoServer, match="apt install postgresql"):
        find_programs()


@pytest.mark.slow
def test_four_processes_write_one_server_at_once_and_nothing_is_left_of_it() -> None:
    try:
        find_programs()
    except NoServer as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    with serve(durable=False) as server:
        result = race("postgresql", server.create("store"), writers=4, records=1000)
        folder: Path = server.folder
    assert (result.errors, result.lost, result.duplicated) == (0, 0, 0)
    assert not folder.exists()
