"""Bring a database file to the schema of this Herald.

``migrations/NNNN_what.sql`` each hold their own BEGIN … COMMIT with the version bump:
``executescript`` would commit a transaction of ours before it starts. Forward only; an existing
database is copied first.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bot.errors import Corrupt, SchemaTooNew, StorageError
from bot.storage.sqlite.connection import BUSY_TIMEOUT_MS, connect, translate

APPLICATION_ID = 0x48455241  # "HERA"
_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html, section 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema, as its script."""

    version: int
    name: str
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What was done to a file. ``backup`` is None where there was nothing to lose."""

    path: Path
    from_version: int  # 0: there was no database
    to_version: int
    backup: Path | None


def migrations() -> Sequence[Migration]:
    """Return every migration that came with this Herald, in order."""
    found = []
    for script in files("bot.storage.sqlite").joinpath("migrations").iterdir():
        number, _, name = script.name.removesuffix(".sql").partition("_")
        if script.name.endswith(".sql"):
            found.append(
                Migration(version=int(number), name=name, script=script.read_text(encoding="utf-8"))
            )
    return sorted(found, key=lambda migration: migration.version)


def migrate_file(
    path: Path,
    steps: Iterable[Migration] | None = None,
    *,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> MigrationReport:
    """Make or upgrade the database at *path*; blocking.

    Raises SchemaTooNew, Corrupt, Busy, StorageError.
    """
    chosen = tuple(migrations() if steps is None else steps)
    _make_directory(path)
    _refuse_other_files(path)
    try:
        with closing(connect(path, busy_timeout_ms=busy_timeout_ms)) as connection:
            return _migrate(connection, path, chosen)
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _make_directory(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The data directory {path.parent} cannot be made ({error.strerror}). Make it yourself,"
            " or point HERALD_DATA_DIR at a directory that Herald's user may write.",
            path=str(path),
        ) from error


def _refuse_other_files(path: Path) -> None:
    """Refuse what is no SQLite file: SQLite takes a few bytes of anything for an empty database."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror}). Give Herald's user the right to read and"
            " write it.",
            path=str(path),
        ) from error
    if start not in (b"", _MAGIC):
        raise Corrupt(
            f"{path} is not a database. Move it away, or point HERALD_DATA_DIR at another"
            " directory.",
            path=str(path),
        )


def _migrate(
    connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]
) -> MigrationReport:
    head = steps[-1].version
    before = _version(connection, path, head)
    backup = None
    if before < head:
        if before:
            backup = _back_up(connection, path, before)
        # WAL is a property of the file: set once, outside of any transaction.
        connection.execute("PRAGMA journal_mode = WAL")
        # A table made anew takes an old one's place; dropping that must not delete what refers to
        # it (https://www.sqlite.org/lang_altertable.html, section 7). Within a transaction, as the
        # scripts are, this pragma does nothing.
        connection.execute("PRAGMA foreign_keys = OFF")
    for step in steps:
        if step.version > _version(connection, path, head):
            _apply(connection, path, step, head)
            _check_references(connection, path, step)
    return MigrationReport(path=path, from_version=before, to_version=head, backup=backup)


def _version(connection: sqlite3.Connection, path: Path, head: int) -> int:
    """Return the schema's version, 0 for an empty file, having made sure that the file is ours."""
    application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if not application_id and not version and not tables:
        return 0
    if application_id != APPLICATION_ID:
        raise Corrupt(
            f"{path} is a database of another program. Point HERALD_DATA_DIR at another directory,"
            " or move the file away.",
            path=str(path),
        )
    if version > head:
        raise SchemaTooNew(
            f"{path} was written by a newer Herald: its schema is version {version}, this Herald"
            f" knows up to {head}. Upgrade Herald, or restore the backup made before the upgrade.",
            path=str(path),
        )
    return version


def _apply(connection: sqlite3.Connection, path: Path, step: Migration, head: int) -> None:
    try:
        connection.executescript(step.script)
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        # Another process may have done the same step while this one waited for the lock.
        if _version(connection, path, head) < step.version:
            raise


def _check_references(connection: sqlite3.Connection, path: Path, step: Migration) -> None:
    """Refuse a database whose rows refer to what is not there."""
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise Corrupt(
            f"{path} holds rows that refer to nothing, found after step {step.version}"
            f" ({step.name}) of the upgrade. Restore the backup made before it.",
            path=str(path),
        )


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the database beside itself. A name that is taken is never overwritten."""
    backup = path.with_name(f"{path.name}.v{version}.backup")
    number = 1
    while backup.exists():
        number += 1
        backup = path.with_name(f"{path.name}.v{version}.backup-{number}")
    # Under another name until it is whole: who finds a backup can rely on it.
    partial = backup.with_name(f"{backup.name}.partial")
    partial.unlink(missing_ok=True)
    connection.execute("VACUUM INTO :target", {"target": str(partial)})
    partial.rename(backup)
    return backup
