"""The clock everything is dated by. It can be set forward, never back."""

import time

from .store import Store


class Clock:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = int(store.meta("clock_offset", "0"))
        store.on_reset.append(self._forget)

    def now(self) -> int:
        return int(time.time()) + self._offset

    def advance(self, seconds: int) -> int:
        """Raises ValueError for a step back: a deadline once passed stays passed."""
        if seconds < 0:
            raise ValueError("The clock only goes forward.")
        self._offset += seconds
        with self._store.transaction():
            self._store.set_meta("clock_offset", str(self._offset))
        return self.now()

    def set(self, moment: int) -> int:
        return self.advance(moment - self.now())

    def _forget(self) -> None:
        self._offset = 0
