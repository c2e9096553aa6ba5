"""A throw-away PostgreSQL server, for the tests and benchmarks of the team store.

The server keeps everything in one temporary folder, listens on a Unix socket in it and on no port, asks for a password,
and ends with the process that started it (Linux), or at the latest with the context manager.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PASSWORD = "pa:ss@w0rd/%?"
"""With all that a URL has to quote, and a word that must never be seen anywhere."""
USER = "xautolm"
ACCOUNT = "postgres"
"""The server refuses to run as root; Debian's package brings this account for it."""
START_SECONDS = 60.0


class NoServer(Exception):
    """PostgreSQL cannot be started here; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    folder: Path
    programs: Path

    def url(self, database: str, *, password: str = PASSWORD, user: str = USER) -> str:
        """Connection string of a database, as a user would write it."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(self.folder), safe='')}"

    def create(self, database: str) -> str:
        """Create an empty database and return its connection string."""
        self.sql(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)


def find_programs() -> Path:
    """Folder of `initdb` and `postgres`.

    Raises:
        NoServer: They are not installed.
    """
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoServer("no PostgreSQL server is installed (Debian and Ubuntu: sudo apt install postgresql)")


@contextmanager
def serve(*, durable: bool = True, options: tuple[str, ...] = ()) -> Iterator[Server]:
    """Start a server in a temporary folder, and remove both in the end.

    Args:
        durable: Whether commits wait for the disk, as on a real server; tests do without.
        options: Further settings of the server, such as `max_connections=200`.

    Raises:
        NoServer: The server is not installed, or does not start.
    """
    programs = find_programs()
    # Not below pytest's folders: they are closed to the account of the server, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="xautolm-pg-"))
    server = Server(folder=folder, programs=programs)
    try:
        _make_cluster(server)
        process = _start(server, [*options, *([] if durable else ["fsync=off", "synchronous_commit=off"])])
        try:
            _wait(server, process)
            yield server
        finally:
            process.send_signal(2)  # fast shutdown
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_cluster(server: Server) -> None:
    secret = server.folder / "password"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        account = _account()
        for path in (server.folder, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    command = [str(server.programs / "initdb"), "--pgdata", str(server.folder / "data"), "--username", USER]
    command += ["--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
    command += ["--no-sync", "--no-instructions"]
    made = subprocess.run(
        [*_as_account(), *command], capture_output=True, text=True, cwd=server.folder, timeout=120, check=False
    )
    secret.unlink()
    if made.returncode:
        raise NoServer(f"initdb failed: {(made.stderr or made.stdout).strip()[-300:]}")


def _start(server: Server, settings: list[str]) -> subprocess.Popen[bytes]:
    own = ["listen_addresses=", f"unix_socket_directories={server.folder}", "logging_collector=off", *settings]
    command = [str(server.programs / "postgres"), "-D", str(server.folder / "data")]
    command += [word for setting in own for word in ("-c", setting)]
    with (server.folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*_as_account(), *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=server.folder
        )


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(server.url("postgres")).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    log = (server.folder / "log").read_text(errors="replace")
    raise NoServer(f"the PostgreSQL server did not start: {log.strip()[-300:]}")


def _as_account() -> list[str]:
    """What stands before a command so that it ends with this process and does not run as root."""
    if shutil.which("setpriv") is None:
        if os.geteuid() == 0:
            raise NoServer("PostgreSQL does not run as root, and `setpriv` (package util-linux) is not installed")
        return []
    account = ["--reuid", ACCOUNT, "--regid", str(_account().pw_gid), "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig", "INT", *account]


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise NoServer(f"PostgreSQL does not run as root, and there is no account {ACCOUNT!r} to run it") from None
