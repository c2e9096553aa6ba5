"""Where a store lies: from what a user writes to a database URL and a folder."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import platformdirs
import psutil
import sqlalchemy as sa

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.secrets import without_secrets

FILE_NAME = "store.sqlite"

DIALECTS = ("sqlite", "postgresql")

_URL = re.compile(r"\w{2,}(\+\w+)?:/|:/")
"""Also what only looks like a URL: it may hold a password, which must not become the name of a folder."""

_USER_AND_PASSWORD = re.compile(r"(:/+[^:/@]*):.*(?=@)")
_PASSWORD_OPTION = re.compile(r"(?<=[?&])password=[^&]*&?")

_NETWORK = frozenset(
    {
        "nfs",
        "nfs3",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "afs",
        "afpfs",
        "webdav",
        "davfs",
        "9p",
        "lustre",
        "gpfs",
        "beegfs",
        "ceph",
        "cephfs",
        "juicefs",
        "orangefs",
        "panfs",
        "prl_fs",
        "vboxsf",
        "glusterfs",
        "ncpfs",
        "sshfs",
        "rclone",
        "s3fs",
        "gcsfuse",
    }
)
"""File systems whose locks or shared memory do not carry SQLite's write-ahead log from one machine to another."""


@dataclass(frozen=True, kw_only=True)
class Location:
    """A resolved place of a store."""

    url: sa.URL
    file: Path | None
    """The SQLite file; None in memory and on a server."""
    home: Path
    """Folder in which studies keep their data and checkpoints."""

    @property
    def is_sqlite(self) -> bool:
        """Whether SQLite serves it."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_memory(self) -> bool:
        """Whether it vanishes with the process."""
        return self.is_sqlite and self.file is None

    def __str__(self) -> str:
        if self.is_memory:
            return ":memory:"
        return str(self.file) if self.file else without_secrets(self.url.render_as_string(hide_password=True))


class Mount(NamedTuple):
    """One line of the machine's mount table."""

    point: str
    kind: str
    options: str = ""


def default_home() -> Path:
    """Return the folder named by `XAUTOLM_HOME`, else the platform's data folder of the user."""
    named = os.environ.get("XAUTOLM_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("xautolm-nb", appauthor=False))


def resolve(where: str | Path | None = None) -> Location:
    """Turn a path, a folder, a URL, `:memory:` or None into a location; nothing is opened or created.

    None means the environment variable `XAUTOLM_STORE`, else `store.sqlite` in `default_home()`. A path without a
    suffix is a folder unless a file of that name exists.

    Raises:
        StoreError: The URL cannot be read or names a database that is not supported.
    """
    if where is None:
        where = os.environ.get("XAUTOLM_STORE") or default_home() / FILE_NAME
    if _URL.match(str(where)):
        return _from_url(str(where))
    if str(where) == ":memory:":
        return _from_url("sqlite://")
    return _from_path(Path(where).expanduser())


def _from_path(path: Path) -> Location:
    is_file = path.is_file() or (path.suffix != "" and not path.is_dir())
    file = (path if is_file else path / FILE_NAME).absolute()
    return Location(url=sa.URL.create("sqlite", database=str(file)), file=file, home=file.parent)


def _from_url(text: str) -> Location:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # its words may hold a part of the password
        raise StoreError(
            "Expected a database URL such as postgresql://user@host/name, but it cannot be read.",
            hint="Check the spelling; special characters of a password are percent-encoded.",
        ) from None
    if url.get_backend_name() != "sqlite" and text.count("@") > 1:  # the rest would pass for host and database
        raise StoreError(
            "Expected a database URL such as postgresql://user@host/name, but user or password hold an '@'.",
            hint="Percent-encode the special characters of a password: '@' is %40.",
        )
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in DIALECTS:
        raise StoreError(
            f"Expected a store on SQLite or PostgreSQL, but the URL names {url.get_backend_name()!r}.",
            hint="Use a file path, sqlite:///file or postgresql://user@host/name.",
        )
    file = _file_of(url)
    if file is not None and not url.query:
        url = url.set(database=str(file))
    return Location(url=url, file=file, home=file.parent if file else default_home())


def without_password(where: str) -> str:
    """Return a place of a store as it may stand in a notebook: the user of a URL stays, the password is left out."""
    return _USER_AND_PASSWORD.sub(r"\1", _PASSWORD_OPTION.sub("", where)) if _URL.match(where) else where


def _file_of(url: sa.URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    name = str(url.database).removeprefix("file:")
    return None if ":memory:" in name or url.query.get("mode") == "memory" else Path(name).expanduser().absolute()


def network_kind(path: Path, mounts: Iterable[Mount] | None = None) -> str | None:
    """Name the network file system under `path`, or None on a local disk.

    Args:
        path: A file or folder, which need not exist.
        mounts: The mount table; read from the machine when None.
    """
    table = machine_mounts() if mounts is None else mounts
    resolved = path.resolve()
    under = [mount for mount in table if resolved.is_relative_to(mount.point)]
    if not under:
        return None
    mount = max(under, key=lambda found: len(found.point))
    kind = mount.kind.lower().removeprefix("fuse.")
    remote = kind in _NETWORK or "remote" in mount.options.split(",")
    return kind if remote else None


def machine_mounts() -> list[Mount]:
    """Read the machine's mount table."""
    return [Mount(part.mountpoint, part.fstype, part.opts) for part in psutil.disk_partitions(all=True)]
