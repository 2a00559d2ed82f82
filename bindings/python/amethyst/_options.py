"""What a database is opened with."""
from __future__ import annotations

import ctypes
import itertools
from typing import Any, Callable, Literal, Mapping, Optional

from ._c import (COMPARE, DESTROY, LOG, FamilyOptions, FollowerOptions, Handle, InvalidArgumentError, as_c_string,
                 as_name, call, raised)
from ._expiry import Ttl, ttl_milliseconds

Durability = Literal["buffered", "sync", "none"]
DURABILITIES = {"buffered": 0, "sync": 1, "none": 2}

_NUMBERS = {name: number for number, name in enumerate(
    ("create_if_missing", "error_if_exists", "read_only", "memory_budget_bytes", "write_buffer_bytes", "block_bytes",
     "compression", "group_commit_bytes", "group_commit_delay_us", "sync_interval_ms", "background_threads",
     "max_open_files", "cache_policy", "delete_deadline_s"), 1)}
_WORDS = {"compression": {"none": 0, "lz4": 1, "zstd": 2}, "cache_policy": {"scan_resistant": 0, "lru": 1}}

# Callbacks that the library may still call, by the state that it passes to them.
_alive: "dict[int, Any]" = {}
_states = itertools.count(1)


@DESTROY
def _forget(state: int) -> None:
    _alive.pop(state, None)


def _keep(callback: Any) -> int:
    state = next(_states)
    _alive[state] = callback
    return state


def durability_number(durability: str) -> int:
    """The number of a durability in C."""
    try:
        return DURABILITIES[durability]
    except (KeyError, TypeError):
        raise InvalidArgumentError(f"durability {durability!r}: it is one of {', '.join(DURABILITIES)}") from None


def family_options(merge_operator: Optional[str], ttl: Optional[Ttl], compression: Optional[str],
                   block_bytes: Optional[int], filter_false_positive_rate: Optional[float],
                   comparator: "Optional[Comparator]") -> FamilyOptions:
    """The settings of a family, as C takes them."""
    options = FamilyOptions(struct_bytes=ctypes.sizeof(FamilyOptions), compression=-1)
    if merge_operator is not None:
        options.merge_operator = as_name(merge_operator)
    if ttl is not None:
        options.ttl_ms = ttl_milliseconds(ttl)
    if compression is not None:
        options.compression = _word_number("compression", compression)
    if block_bytes is not None:
        options.block_bytes = _number("block_bytes", block_bytes)
    if filter_false_positive_rate is not None:
        options.filter_false_positive_rate = filter_false_positive_rate
    if comparator is not None:
        options.comparator = _handle_of(comparator, "comparator", Comparator)
    return options


def follower_options(refresh_interval_ms: int, grace_s: int) -> FollowerOptions:
    """How a follower goes along, as C takes it."""
    return FollowerOptions(struct_bytes=ctypes.sizeof(FollowerOptions),
                           refresh_interval_ms=_number("refresh_interval_ms", refresh_interval_ms, 32),
                           grace_s=_number("grace_s", grace_s, 32))


def _handle_of(part: Any, setting: str, kind: type) -> Any:
    if not isinstance(part, kind):
        raise TypeError(f"{setting} is a {kind.__name__}, not {type(part).__name__}")
    return part._handle


def _word_number(name: str, word: Any) -> int:
    if word not in _WORDS[name]:
        raise InvalidArgumentError(f"{name} {word!r}: it is one of {', '.join(_WORDS[name])}")
    return _WORDS[name][word]


def _number(name: str, value: Any, bits: int = 64) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise InvalidArgumentError(f"{name}: {value!r} is no number from 0 to 2^{bits} - 1")
    return int(value)


def _callable(function: Any, what: str) -> Any:
    if not callable(function):
        raise TypeError(f"a {what} is a function, not {type(function).__name__}")
    return function


class Comparator(Handle):
    """An order of keys: `compare(a, b)` returns a number below, equal to or above 0. `name` is kept in the database,
    which opens under no other. It is called from any thread, must be a total order and call keys equal only if they
    are the same bytes. If it raises, it is asked again, for a signal such as Ctrl-C may have interrupted it: then the
    call is carried out, and raises afterwards. If it raises three times, the call fails with InvalidArgumentError,
    caused by what it raised; after a failed write the database takes no more writes until it is opened again."""

    def __init__(self, name: str, compare: Callable[[bytes, bytes], int]) -> None:
        _callable(compare, "comparison")

        def compare_bytes(_: int, a: int, a_bytes: int, b: int, b_bytes: int, order: Any) -> None:
            try:
                answer = compare(ctypes.string_at(a, a_bytes) if a_bytes else b"",
                                 ctypes.string_at(b, b_bytes) if b_bytes else b"")
                order[0] = (answer > 0) - (answer < 0)
            except BaseException as failure:  # pylint: disable=broad-except
                if not raised.keep(failure):
                    raise

        type(raised).anywhere = True
        callback = COMPARE(compare_bytes)
        self._own("comparator", "comparator_create_checked", as_c_string(name.encode(), "name"), _keep(callback),
                  callback, _forget)


class Environment(Handle):
    """Files that live in memory and die with their last user."""

    def __init__(self) -> None:
        self._own("environment", "environment_create_in_memory")


class MemoryBudget(Handle):
    """Memory that all databases opened with it share."""

    def __init__(self, size: int) -> None:
        self._own("memory_budget", "memory_budget_create", size)


class Options(Handle):
    """The options of amethyst.open, as the library takes them."""

    def __init__(self, comparator: Optional[Comparator], environment: Optional[Environment],
                 memory_budget: Optional[MemoryBudget], logger: Optional[Callable[[str], None]],
                 numbers: "dict[str, Any]") -> None:
        self._own("options", "options_create")
        parts = {"comparator": (comparator, Comparator), "environment": (environment, Environment),
                 "memory_budget": (memory_budget, MemoryBudget)}
        for setting, (part, kind) in parts.items():
            if part is not None:
                call("options_set_" + setting, self._handle, _handle_of(part, setting, kind))
        if logger is not None:
            self._set_logger(_callable(logger, "logger"))
        for name, value in numbers.items():
            self._set(name, value)

    def _set_logger(self, logger: Callable[[str], None]) -> None:
        def log(_: int, line: int, line_bytes: int) -> None:
            logger(ctypes.string_at(line, line_bytes).decode(errors="replace"))

        callback = LOG(log)
        call("options_set_logger", self._handle, _keep(callback), callback, _forget)

    def _set(self, name: str, value: Any) -> None:
        if name == "filter_false_positive_rate":
            call("options_set_filter_false_positive_rate", self._handle, value)
            return
        if name not in _NUMBERS:
            raise TypeError(f"there is no option {name}; there are filter_false_positive_rate, {', '.join(_NUMBERS)}")
        number = _word_number(name, value) if name in _WORDS else _number(name, value)
        call("options_set", self._handle, _NUMBERS[name], number)

    def set_comparators(self, comparators: "Mapping[str, Comparator]") -> None:
        """The orders of families, which each open is given."""
        for family, comparator in comparators.items():
            call("options_set_family_comparator", self._handle, as_name(family),
                 _handle_of(comparator, "comparator", Comparator))

    def set_family(self, family: str, *, merge_operator: Optional[str] = None, ttl: Optional[Ttl] = None) -> None:
        """What a family is given at each open."""
        if merge_operator is not None:
            call("options_set_merge_operator", self._handle, as_name(family), as_name(merge_operator))
        if ttl is not None:
            call("options_set_ttl", self._handle, as_name(family), ttl_milliseconds(ttl))
