"""Tables that are written outside of a database, and taken in by one."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_char_p, c_uint64
from typing import Iterable, Literal, Optional, Tuple

from ._backup import Path, as_path
from ._c import Bytes, Handle, IngestOptions, InvalidArgumentError, as_bytes, bound_arguments, buffer_arguments, call
from ._expiry import Moment, Ttl, as_operand, expiry_number
from ._options import Comparator, family_options

IngestMode = Literal["link", "move", "copy"]
_MODES = {"link": 0, "move": 1, "copy": 2}


def ingest_arguments(paths: "Path | Iterable[Path]", mode: IngestMode, in_order: bool, verify: bool,
                     replace: "Optional[Tuple[Optional[Bytes], Optional[Bytes]]]") -> tuple:  # type: ignore[type-arg]
    """The arguments of amethyst_ingest behind the database."""
    if mode not in _MODES:
        raise InvalidArgumentError(f"mode {mode!r}: it is one of {', '.join(_MODES)}")
    options = IngestOptions(struct_bytes=ctypes.sizeof(IngestOptions), mode=_MODES[mode], in_order=bool(in_order),
                            verify=bool(verify), replace=replace is not None)
    if replace is not None:
        start, stop = replace
        options.begin, options.begin_bytes, options.end, options.end_bytes = bound_arguments(start, stop)
    one = isinstance(paths, (str, os.PathLike))
    names = [as_path(path) for path in ([paths] if one else paths)]  # type: ignore[list-item, union-attr]
    return len(names), (c_char_p * len(names))(*names), byref(options)


class TableWriter(Handle):
    """Writes a table into a new file, for `ingest` of a database or family: keys ascend in the family's order, one
    entry a key. At the end of a `with` it is finished; an exception removes the file, as does a writer that nobody
    refers to any more before `finish`. Belongs to one thread at a time."""

    def __init__(self, path: Path, *, merge_operator: Optional[str] = None, ttl: Optional[Ttl] = None,
                 compression: Optional[str] = None, block_bytes: Optional[int] = None,
                 filter_false_positive_rate: Optional[float] = None, comparator: Optional[Comparator] = None) -> None:
        self._is_finished = False
        self._comparator = comparator  # Which the writer calls.
        options = family_options(merge_operator, ttl, compression, block_bytes, filter_false_positive_rate, comparator)
        self._own("table_writer", "table_writer_create", as_path(path), byref(options))

    def put(self, key: Bytes, value: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None) -> None:
        """As of Database; InvalidArgumentError, and nothing was added, if the key is not greater than the last one."""
        entry = (*buffer_arguments(as_bytes(key, "key")), *buffer_arguments(as_bytes(value, "value")))
        if ttl is None and expires_at is None:
            call("table_writer_put", self._handle, *entry)
        else:
            call("table_writer_put_expiring", self._handle, *entry, expiry_number(ttl, expires_at))

    def merge(self, key: Bytes, operand: Bytes) -> None:
        """An operand on what the database has of `key`, by the merge operator that the writer was given."""
        call("table_writer_merge", self._handle, *buffer_arguments(as_bytes(key, "key")),
             *buffer_arguments(as_bytes(operand, "operand")))

    def incr(self, key: Bytes, n: int = 1) -> None:
        """As of Database."""
        self.merge(key, as_operand(n))

    def delete(self, key: Bytes) -> None:
        """Removes what the database has of `key`."""
        call("table_writer_delete", self._handle, *buffer_arguments(as_bytes(key, "key")))

    def delete_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None) -> None:
        """At any time: removes what the database has of these keys when the table comes in, and none of the table's."""
        call("table_writer_delete_range", self._handle, *bound_arguments(start, stop))

    __setitem__ = put
    __delitem__ = delete

    def finish(self) -> int:
        """The file is whole and durable; returns how many entries it has, at least one."""
        entries = c_uint64()
        call("table_writer_finish", self._handle, byref(entries))
        self._is_finished = True
        return entries.value

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        try:
            if kind is None and not self._is_finished:
                self.finish()
        finally:
            self._release()
