"""Keys for caches of what was computed from the very same frozen objects."""

from typing import Any


class ByIdentity:
    """A tuple of frozen records that compares by identity: the same objects are the same content, cheaply.

    It holds the objects, so that no other object can take their identity while the key lives.
    """

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items
        self._ids = tuple(map(id, items))

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and self._ids == other._ids
