"""Debian's PostgreSQL in a temporary folder, for a command that is run with its URL in BEARBOT_TEST_DATABASE_URL.

    python tests/postgres.py pytest tests/review

It listens on the loopback address only, at a free port, and ends with the command. PostgreSQL refuses to run as root,
so root starts it as the user that Debian's package made.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from review.database import Database, postgres_url
from review.schema import upgrade

_USER = "bearbot"
_SERVER_USER = "postgres"  # made by Debian's package
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server on which databases may be made; `template` is an empty one with our tables."""

    admin: Engine
    template: str

    @classmethod
    @contextmanager
    def prepared(cls, url: str, folder: Path) -> Iterator["Server"]:
        """With the template made; it is taken away at the end. `folder` is for files that an upgrade might write."""
        admin = create_engine(postgres_url(url), isolation_level="AUTOCOMMIT")
        server = cls(admin, f"bearbot_template_{uuid4().hex[:12]}")
        try:
            with server._made(server.template, "template0"):
                database = Database(server._url(server.template))
                upgrade(database, folder, keep=1)
                database.dispose()
                yield server
        finally:
            admin.dispose()

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """The URL of a database with our tables, for one test."""
        name = f"bearbot_{uuid4().hex[:12]}"
        with self._made(name, self.template):
            yield self._url(name).render_as_string(hide_password=False)

    @contextmanager
    def _made(self, name: str, like: str) -> Iterator[None]:
        with self.admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'))
        try:
            yield
        finally:
            with self.admin.connect() as connection:  # a test may have left connections open, or processes
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))

    def _url(self, name: str) -> URL:
        return self.admin.url.set(database=name)


@contextmanager
def running(*, durable: bool) -> Iterator[str]:
    """The URL of a server that is started here; `durable` as in earnest, otherwise the quicker for it.

    Raises `SystemExit` with a sentence where Debian's package is not installed.
    """
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="bearbot-postgres-") as name:
        folder = Path(name)
        become = _become(folder)
        data = folder / "data"
        # Sorted as people of many languages do, not letter by letter: what leans on that must show itself.
        made = [programs / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        languages = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        subprocess.run([*become, *made, *languages], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        port = _free_port()
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder}
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        control = [*become, programs / "pg_ctl", "-D", data, "-w", "-t", str(_START_SECONDS)]
        options = " ".join(f"-c {key}={value}" for key, value in settings.items())
        log = folder / "log"
        started = subprocess.run(
            [*control, "-l", log, "-o", options, "start"], stdout=subprocess.DEVNULL, cwd=folder, check=False
        )
        if started.returncode != 0:
            sys.exit(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        try:
            yield URL.create(
                "postgresql+psycopg", username=_USER, host="127.0.0.1", port=port, database="postgres"
            ).render_as_string()
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd=folder, check=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql (Debian, Ubuntu)")
    return found[-1].parent if found else Path(str(on_path)).parent


def _become(folder: Path) -> list[str]:
    """What goes before a command, so that it is not run as root; the folder is then that user's."""
    if os.getuid() != 0:
        return []
    try:
        user = pwd.getpwnam(_SERVER_USER)
    except KeyError:
        sys.exit(f"root cannot run PostgreSQL, and there is no user {_SERVER_USER}: apt-get install postgresql")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", _SERVER_USER, "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str]) -> int:
    """Run a command with the server's URL; its exit status. `--durable` first: the server syncs as in earnest."""
    durable = arguments[:1] == ["--durable"]
    command = arguments[durable:]
    if not command:
        sys.exit("usage: python tests/postgres.py [--durable] COMMAND...")
    with running(durable=durable) as url:
        # Ctrl-C and TERM end the command; the server must be ended whatever happens to it.
        process = subprocess.Popen(command, env={**os.environ, "BEARBOT_TEST_DATABASE_URL": url})
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the command got it as well
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
