"""Clips of an artifact of videos, those of one fold in memory at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.videos import VideoAttributes
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FoldedClips:
    """Some clips without padding, uint8 `(event, frame, height, width, rgb)`, indexed by event first.

    What compares clips goes fold by fold, frame by frame and in bands of rows: a fold's clips are read once for all of
    that, and let go where those of another are asked for.

    Parameters
    ----------
    videos
        Where they lie.
    places
        Their rows there `(event,)`.
    picture
        Height and width of what is no padding, px.
    folds
        Fold of each event `(event,)`.
    """

    def __init__(
        self, videos: Artifact, places: NDArray[np.integer], picture: tuple[int, int], folds: NDArray[Any]
    ) -> None:
        import numpy as np

        self._videos, self._picture, self._folds = videos, picture, folds
        self._frames, self._places = videos.lazy("frames"), places
        self._within = np.zeros(len(places), dtype=np.int64)  # which of its fold's clips an event's is
        for fold in np.unique(folds):
            mine = np.flatnonzero(folds == fold)
            self._within[mine] = np.arange(len(mine))
        self._held: tuple[Any, NDArray[np.uint8]] | None = None
        self._lock = threading.Lock()
        self.dtype = self._frames.dtype
        self.shape = (len(places), self._frames.shape[1], *picture, self._frames.shape[4])

    @classmethod
    def of(cls, videos: Artifact, places: NDArray[np.integer], like: Artifact, folds: NDArray[Any]) -> FoldedClips:
        """Return clips whose pictures are as large as those of another artifact."""
        geometry: VideoAttributes = like.attributes()
        height, width = videos.lazy("frames").shape[2:4]
        return cls(videos, places, (min(height, geometry.height), min(width, geometry.width)), folds)

    def __len__(self) -> int:
        """Return the number of events."""
        return self.shape[0]

    def __getitem__(self, key: int | tuple[Any, ...]) -> NDArray[np.uint8]:
        """Return the clip of an event, or a part of it."""
        event, *rest = key if isinstance(key, tuple) else (key,)
        event = range(len(self))[event]
        return self._fold(self._folds[event])[(int(self._within[event]), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all clips in memory, for what cannot do with less."""
        import numpy as np

        return np.stack([self[event] for event in range(len(self))]).astype(dtype or self.dtype, copy=False)

    def take(self, kept: NDArray[np.integer]) -> FoldedClips:
        """Return the clips of some of the events; nothing is read."""
        return FoldedClips(self._videos, self._places[kept], self._picture, self._folds[kept])

    def _fold(self, fold: Any) -> NDArray[np.uint8]:
        import numpy as np

        with self._lock:
            if self._held is None or self._held[0] != fold:
                self._held = None  # two folds are never held
                places = self._places[self._folds == fold].tolist()
                clips = np.empty((len(places), *self.shape[1:]), self.dtype)
                height, width = self._picture
                for clip, place in zip(clips, places, strict=True):
                    clip[:] = self._frames[place][:, :height, :width]
                self._held = fold, clips
            return self._held[1]
