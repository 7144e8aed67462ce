# SPDX-License-Identifier: Apache-2.0
"""A home in one file, made beside the gateway that runs on it; and a home made of that file, whose log is verified before it counts.

The record is copied before the counts: whoever is in a record was counted before it, so the counts of a backup are never too low.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from comity.errors import CallerError, OperatorError
from comity.gateway.whereabouts import Whereabouts
from comity.ports import Clock, Random
from comity.storage import backup
from comity.storage.database import Script, Statement
from comity.storage.home import HomeLock, prepare, unusable
from comity.storage.open import look_into
from comity.storage.state import DATABASE as STATE
from comity.transparency import rows
from comity.transparency.integrity import taken_up
from comity.transparency.log_key import standing_signer
from comity.transparency.merkle import Frontier
from comity.transparency.note import Verifier, opened, parse_checkpoint
from comity.transparency.receipt import leaf_of
from comity.transparency.tlog import KEY as NODE_KEY

KEYS = (rows.KEY, "maps.key", NODE_KEY)
NAMES = (rows.DATABASE, STATE, *KEYS)
LOOK_SECONDS_MAX = 60.0
AT_ONCE = 2000


class Kept(NamedTuple):
    records: int
    files: tuple[str, ...]
    checkpoint: str
    made: str


def create(home: Path, where: Whereabouts, out: Path, *, passphrase: bytes, clock: Clock, random: Random) -> Kept:
    """Raises CallerError, OperatorError, StorageFailure; TrustFailure when the log that was copied does not verify."""
    state = _files_only(where)
    with TemporaryDirectory(dir=_folder(out), prefix=".comity-") as made:
        folder, files = Path(made), dict[str, Path]()
        for name, source, copy in (
            (rows.DATABASE, home / rows.DATABASE, backup.copied),
            (STATE, state, backup.copied),
            *((key, home / key, _bytes) for key in KEYS),
        ):
            if source.exists():
                files[name] = folder / name
                _copy(copy, source, files[name])
        if rows.DATABASE not in files or rows.KEY not in files:
            raise OperatorError(f"there is no record in `{home}`", code="backup.nothing", exit_code=1, hint="is this the right home?")
        size, note = verified(folder)
        manifest = backup.pack(
            files, out, made=clock.now().isoformat(timespec="seconds"), about={"records": str(size), "checkpoint": note},
            passphrase=passphrase, random=random,
        )  # fmt: skip
    return Kept(size, tuple(files), note, manifest.made)


def restore(home: Path, where: Whereabouts, archive: Path, *, passphrase: bytes) -> Kept:
    """``home`` may be empty or not be there.  Nothing is in it before everything is verified.  Raises as `create` does."""
    state = _files_only(where)
    if (home.exists() and any(home.iterdir())) or state.exists():
        raise CallerError(
            f"`{home}` is not empty: a backup never replaces what is there", code="backup.home_not_empty",
            hint="restore into a new home: comity --home DIR backup restore FILE",
        )  # fmt: skip
    prepare(home)
    lock = HomeLock(home)
    lock.acquire()
    try:
        with TemporaryDirectory(dir=home, prefix=".comity-") as made:
            folder = Path(made)
            manifest = backup.unpack(archive, folder, NAMES, passphrase)
            size, note = verified(folder)
            if note != manifest.about.get("checkpoint", note):
                raise rows.broken("its head is not the one that the backup was made at")
            for name in (*KEYS, STATE, rows.DATABASE):  # the record last: without it a home is not taken for one
                if name in manifest.sha256:
                    to = state if name == STATE else home / name
                    _copy(shutil.move, folder / name, to)
    finally:
        lock.release()
    return Kept(size, tuple(manifest.sha256), note, manifest.made)


def verified(folder: Path) -> tuple[int, str]:
    """Records and signed head of the log in ``folder``, once every leaf of it makes up that head.  Raises TrustFailure."""
    key = standing_signer(folder).verifier
    look = look_into(folder / rows.DATABASE, "log", seconds_max=LOOK_SECONDS_MAX)
    try:
        size = look.look(lambda: taken_up(key))
        return size, look.look(lambda: whole(key))
    finally:
        look.close()


def whole(key: Verifier) -> Script[str]:
    """The signed head, once the tree over every leaf is the one that was signed, and every record that is kept makes its leaf."""
    size, note = yield from rows.head()
    tree = Frontier()
    while tree.size < size:
        span = (tree.size, min(tree.size + AT_ONCE, size))
        records = yield Statement("SELECT idx, leaf, receipt, salt FROM records WHERE idx >= ? AND idx < ?", span)
        if any(not _own(leaf, receipt, salt) for _, leaf, receipt, salt in records):
            raise rows.broken("a record is not the one that was signed for")
        leaves = {idx: bytes(leaf) for idx, leaf, _, _ in records}
        gone = yield Statement("SELECT idx, hash FROM nodes WHERE level = 0 AND idx >= ? AND idx < ?", span)
        leaves = {idx: bytes(leaf) for idx, leaf in gone} | leaves
        for index in range(*span):
            if index not in leaves:
                raise rows.broken(f"record {index} is missing")
            tree.append(leaves[index])
    if size and parse_checkpoint(opened(note, key)).root != tree.root():
        raise rows.broken("its head does not stand for its records")
    return note


def _own(leaf: object, receipt: object, salt: object) -> bool:
    """SQLite takes anything for a blob."""
    if not (isinstance(leaf, bytes) and isinstance(receipt, bytes) and isinstance(salt, bytes)):
        return False
    return leaf_of(salt, receipt) == leaf


def _files_only(where: Whereabouts) -> Path:
    """Where the state lies.  Raises OperatorError for a record on a server."""
    if not isinstance(where.log, Path) or not isinstance(where.state, Path):
        raise OperatorError(
            "the record lies on a PostgreSQL server, which is backed up there", code="backup.server", exit_code=1,
            hint="pg_dump, or base backups with the write-ahead log archived; and keep storage.log_key: docs/howto/backup.md",
        )  # fmt: skip
    return where.state


def _folder(out: Path) -> Path:
    if not out.parent.is_dir():
        raise CallerError(f"there is no folder `{out.parent}`", code="backup.no_folder", hint="make it first")
    return out.parent


def _bytes(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)


def _copy(how: Callable[[Path, Path], object], source: Path, to: Path) -> None:
    try:
        how(source, to)
        to.chmod(0o600)
    except OSError as error:
        raise unusable(to, error) from error
