"""How long entries live, and operands that are numbers."""
from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

from ._c import InvalidArgumentError

Ttl = Union[int, float, timedelta]


class Never:
    """Is NEVER alone: for ever, whatever the ttl of the family."""

    def __repr__(self) -> str:
        return "amethyst.NEVER"


NEVER = Never()
Moment = Union[datetime, Never]

_NEVER = (1 << 64) - 1
_AFTER = AS_FAMILY = 1 << 63  # After no time: as the family says.
_TTL_MAX = 1 << 62
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def ttl_milliseconds(ttl: Ttl) -> int:
    """A time of at least a millisecond, so that none is taken for no ttl at all."""
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float, timedelta)):
        raise TypeError(f"a ttl is a number of seconds or a timedelta, not {type(ttl).__name__}")
    if isinstance(ttl, float) and not math.isfinite(ttl):
        raise InvalidArgumentError(f"a ttl of {ttl} seconds")
    milliseconds = ttl // _MILLISECOND if isinstance(ttl, timedelta) else int(ttl * 1000)
    if not 0 < milliseconds < _TTL_MAX:
        raise InvalidArgumentError(f"a ttl of {ttl!r}: it is at least a millisecond")
    return milliseconds


def expiry_number(ttl: Optional[Ttl], expires_at: Optional[Moment]) -> int:
    """What C takes for `expires_at_ms`; one of the two is not None."""
    if ttl is not None and expires_at is not None:
        raise InvalidArgumentError("ttl and expires_at exclude each other")
    if ttl is not None:
        return _AFTER | ttl_milliseconds(ttl)
    if isinstance(expires_at, Never):
        return _NEVER
    if not isinstance(expires_at, datetime):
        raise TypeError(f"expires_at is a datetime or amethyst.NEVER, not {type(expires_at).__name__}")
    return max((expires_at.astimezone(timezone.utc) - _EPOCH) // _MILLISECOND, 0)


def as_datetime(expires_at_ms: int) -> Optional[datetime]:
    """Of what C stores; None: never."""
    return None if expires_at_ms == _NEVER else _EPOCH + timedelta(milliseconds=expires_at_ms)


def as_operand(number: int) -> bytes:
    """As the operators that count take it; it wraps around as they do, so that any of 64 bits will do."""
    if not isinstance(number, int):
        raise TypeError(f"a counter takes an int, not {type(number).__name__}")
    if not -(1 << 63) <= number < 1 << 64:
        raise InvalidArgumentError(f"{number} has more than 64 bits")
    return (number % (1 << 64)).to_bytes(8, "little")
