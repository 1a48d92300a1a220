"""A Zarr store that lacks nothing: Zarr itself reads zeros where a chunk's file is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarr.storage import LocalStore

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

_METADATA = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")  # Zarr asks for what need not be there


class CompleteStore(LocalStore):
    """A folder in which every chunk was written, so that a file that is not there is damage.

    It is asked at every read: a store may lose its files, or be renamed away, after it was opened.
    """

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return what is stored under a key.

        Raises
        ------
        FileNotFoundError
            If it is a chunk and is gone.
        """
        return self._there(key, await super().get(key, prototype, byte_range))

    def get_sync(
        self, key: str, *, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return what is stored under a key, as `get`."""
        return self._there(key, super().get_sync(key, prototype=prototype, byte_range=byte_range))

    def _there(self, key: str, found: Buffer | None) -> Buffer | None:
        if found is None and key.rsplit("/", 1)[-1] not in _METADATA:
            raise FileNotFoundError(f"{self.root / key} is missing")
        return found
