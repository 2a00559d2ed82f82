"""A store of backups."""
from __future__ import annotations

import json
import os
from ctypes import byref, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, List, Union

from ._c import as_c_string, call, take_string

if TYPE_CHECKING:
    from ._database import Database

Path = Union[str, "os.PathLike[str]"]


def as_path(path: Path, name: str = "path") -> bytes:
    return as_c_string(os.fsencode(path), name)


class BackupStore:
    """Many backups, of one or several databases, in one directory; what did not change is stored once. It holds nothing
    open: a call that finds the directory in use by another raises BusyError."""

    def __init__(self, path: Path) -> None:
        self._path = as_path(path, "store")

    def create(self, db: "Database") -> int:
        """Adds a backup of an open database, as of now; returns its number. The directory is made if need be."""
        number = c_uint64()
        call("backup_create", db._handle, self._path, byref(number))
        return number.value

    def list(self) -> "List[dict[str, Any]]":
        """Of each backup, oldest first: id, created_ms (since 1970), database (its uid), tables, bytes, new_bytes; or
        id and problem, where its list cannot be read."""
        text = c_void_p()
        call("backup_list", self._path, byref(text))
        return json.loads(take_string(text, -1))

    def verify(self, number: int) -> None:
        """Reads all of a backup and compares it with what was stored; CorruptionError if it is not that."""
        call("backup_verify", self._path, number)

    def restore(self, number: int, path: Path) -> None:
        """Makes a database of a backup in the new directory `path`, whole or not at all."""
        call("backup_restore", self._path, number, as_path(path))

    def prune(self, keep: int) -> "dict[str, int]":
        """Removes all but the last `keep` backups of each database, then what none is made of; returns how much."""
        text = c_void_p()
        call("backup_prune", self._path, keep, byref(text))
        return json.loads(take_string(text, -1))
