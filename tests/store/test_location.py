from pathlib import Path

import pytest

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store.location import Mount, default_home, machine_mounts, network_kind, resolve, without_password


def test_without_a_place_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XAUTOLM_HOME", str(tmp_path / "home"))
    assert resolve().file == tmp_path / "home" / "store.sqlite"
    monkeypatch.setenv("XAUTOLM_STORE", str(tmp_path / "mine.db"))
    assert resolve().file == tmp_path / "mine.db"
    monkeypatch.delenv("XAUTOLM_STORE")
    monkeypatch.delenv("XAUTOLM_HOME")
    assert resolve().file == default_home() / "store.sqlite" and "xautolm-nb" in str(default_home())


def test_a_path_is_a_file_or_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dotted.d").mkdir()
    (tmp_path / "plain").write_text("")
    files = {name: resolve(name).file for name in ("a.sqlite", "folder", "dotted.d", "plain")}
    assert files == {
        "a.sqlite": tmp_path / "a.sqlite",
        "folder": tmp_path / "folder" / "store.sqlite",
        "dotted.d": tmp_path / "dotted.d" / "store.sqlite",
        "plain": tmp_path / "plain",
    }
    assert resolve("~/x.db").file == Path.home() / "x.db"


@pytest.mark.parametrize("where", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_has_no_file(where: str) -> None:
    location = resolve(where)
    assert location.is_memory and location.file is None and str(location) == ":memory:"


def test_a_url_of_a_file_is_that_file(tmp_path: Path) -> None:
    location = resolve(f"sqlite:///{tmp_path}/s.sqlite")
    assert (location.file, location.home) == (tmp_path / "s.sqlite", tmp_path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_hides_its_password_and_uses_the_one_driver(scheme: str) -> None:
    location = resolve(f"{scheme}://me:s3cret@db.example/team")
    assert str(location) == "postgresql+psycopg://me:***@db.example/team"
    assert not location.is_sqlite and location.home == default_home()


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("postgresql://me:s3cret@h/d", "postgresql://me@h/d"),
        ("postgresql://me:s3/c@ret@h/d?sslmode=require", "postgresql://me@h/d?sslmode=require"),
        ("postgresql://me@h/d?password=s3cret&sslmode=require", "postgresql://me@h/d?sslmode=require"),
        ("postgresql://me@h:5432/d", "postgresql://me@h:5432/d"),
        ("folder/a:b@c.sqlite", "folder/a:b@c.sqlite"),
        (":memory:", ":memory:"),
    ],
)
def test_a_place_may_stand_in_a_notebook_without_its_password(where: str, shown: str) -> None:
    assert without_password(where) == shown


@pytest.mark.parametrize("url", ["mysql://me@host/x", "://", "postgresql://host:port/x"])
def test_a_url_that_cannot_be_used_is_an_error(url: str) -> None:
    with pytest.raises(StoreError):
        resolve(url)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/s.sqlite", None),
        ("/home/team/s.sqlite", "nfs4"),
        ("/home/team/fast/s.sqlite", None),
        ("/home/ssh/deep/down/s.sqlite", "sshfs"),
        ("/home/teamwork/s.sqlite", None),
        ("/drive/s.sqlite", "ntfs"),
    ],
)
def test_the_innermost_mount_tells_whether_a_path_is_on_a_network(path: str, kind: str | None) -> None:
    mounts = [
        Mount("/", "ext4"),
        Mount("/home/team", "nfs4"),
        Mount("/home/team/fast", "xfs"),
        Mount("/home/ssh", "fuse.sshfs"),
        Mount("/drive", "NTFS", "rw,remote"),
    ]
    assert network_kind(Path(path), mounts) == kind


def test_the_mount_table_of_this_machine_can_be_read() -> None:
    assert all(mount.point for mount in machine_mounts())
    assert network_kind(Path("/nowhere"), []) is None
