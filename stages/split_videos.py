"""`split-videos`: films are cut into short clips, by time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.recordings import CLIPS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

if TYPE_CHECKING:
    from eeg2vid.stages.stimuli.video import Cut

_CLIPS_PER_PART = 25
_SHOWN = 8  # twins that a warning names
_MULTIPLE = 8  # one VAE latent stands for 8 x 8 px


class SplitVideosSettings(Settings):
    """Settings of `split-videos`."""

    frames: int = Field(6, ge=1, le=64, description="frames per clip")
    fps: float = Field(3.0, gt=0, le=60, description="frames per second")
    width: int = Field(512, ge=16, le=2048, description="largest width, px; films are never enlarged")
    height: int = Field(288, ge=16, le=2048, description="largest height, px")
    motion: bool = Field(
        False, description="measure how much moves in each clip (dense flow at the film's rate; about 1 s a clip)"
    )


class SplitVideos(Stage):
    """Cut the films into short clips: 6 frames at 3 fps, 512 x 288 (the field's common form).

    Frames are chosen by presentation time with the film's measured rate, never by frame number. SEED-DV brings
    motion scores of its own; for other data sets `--motion` measures them (for the fast/slow task).
    """

    name = "split-videos"
    version = 3  # greys of limited range, mirrors, fields, transparency; delays of GIF; motion at a part's own rate
    Settings = SplitVideosSettings
    reads = {"clips": Read(CLIPS)}
    writes = {"stimuli": Write(VIDEOS, "study")}
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(cpus=4, memory_gb=4, minutes=40)
    examples = (
        "eeg2vid split-videos",
        "eeg2vid split-videos --width 256 --height 144",
        "eeg2vid split-videos --motion",
    )

    def sources(self, ctx: Context) -> list[Path]:
        """Return the films."""
        folder = data_folder(ctx)
        return sorted({folder / clip.file for clip in ctx.read("clips").table("clips", Clip)})

    def run(self, ctx: Context) -> None:
        """Decode each film once and keep the wanted frames."""
        import numpy as np

        from eeg2vid.stages.stimuli.resize import fit_size, pad_to_multiple
        from eeg2vid.stages.stimuli.video import probe, read_cuts
        from eeg2vid.stages.store.chunks import mark_of

        definition = ""
        if ctx.settings.motion:  # it imports PyTorch
            from eeg2vid.stages.stimuli.motion import DEFINITION as definition
            from eeg2vid.stages.stimuli.motion import motion_score

        settings: SplitVideosSettings = ctx.settings
        clips = ctx.read("clips").table("clips", Clip)
        folder = data_folder(ctx)
        films = [folder / film for film in dict.fromkeys(clip.file for clip in clips)]
        sizes = [(info.width, info.height) for info in map(probe, films)]
        width, height = fit_size(*min(sizes, key=math.prod), settings.width, settings.height)
        cut_here: dict[tuple[int, ...], list[str]] = {}
        for part, wanted in ctx.parts("clips", clips, _CLIPS_PER_PART):
            videos: list[Any] = [None] * len(wanted)
            motion = np.zeros(len(wanted), np.float32)
            for film in dict.fromkeys(clip.file for clip in wanted):
                places = [k for k, clip in enumerate(wanted) if clip.file == film]
                cuts = _cuts(folder / film, [wanted[k] for k in places], settings, (width, height))
                for k, (frames, *moving) in zip(
                    places, read_cuts(folder / film, cuts, threads=ctx.threads), strict=True
                ):
                    videos[k] = pad_to_multiple(frames, _MULTIPLE)[0]
                    motion[k] = motion_score(*moving) if moving else 0
            for clip, video in zip(wanted, videos, strict=True):
                cut_here.setdefault(mark_of(video), []).append(clip.clip)
            part.array("stimuli", "frames", np.stack(videos))
            part.rows("stimuli", "clips", [VideoKey(clip=clip.clip) for clip in wanted])
            if settings.motion:
                part.array("stimuli", "motion", motion)
        _warn_of_twins(ctx, [same for same in cut_here.values() if len(same) > 1])
        ctx.write("stimuli").attributes(
            VideoAttributes(fps=settings.fps, height=height, width=width, motion=definition)
        )


def _warn_of_twins(ctx: Context, twins: Sequence[Sequence[str]]) -> None:
    """Name clips whose pictures are equal, of those cut by this process: no film of several clips is read before."""
    if twins:
        more = f" and {len(twins) - _SHOWN} more" if len(twins) > _SHOWN else ""
        told = "; ".join(" and ".join(same) for same in twins[:_SHOWN])
        ctx.reporter.remark(f"Warning: clips that show the same pictures: {told}{more}.")


def _cuts(film: Path, clips: Sequence[Clip], settings: SplitVideosSettings, size: tuple[int, int]) -> list[list[Cut]]:
    """Return what is wanted of each clip of a film: its frames; for motion, all its pictures at its own rate, small."""
    from eeg2vid.stages.stimuli.film import picture_times, rate_within
    from eeg2vid.stages.stimuli.video import Cut, probe

    cuts = [[Cut(clip.start_s, clip.duration_s, settings.frames, settings.fps, size)] for clip in clips]
    if settings.motion:
        from eeg2vid.stages.stimuli.motion import work_size

        usual, appear, small = probe(film).fps, picture_times(film), work_size(*size)
        for clip, wanted in zip(clips, cuts, strict=True):
            fps = rate_within(appear, clip.start_s, clip.duration_s, usual)
            wanted.append(Cut(clip.start_s, clip.duration_s, max(1, round(clip.duration_s * fps)), fps, small))
    return cuts


def data_folder(ctx: Context) -> Path:
    """Return the data-set folder: configured, or the one that was ingested.

    Raises
    ------
    MissingInputError
        If it is gone.
    """
    if ctx.study.source is None or not ctx.study.source.is_dir():
        recorded = ctx.read("clips").manifest.source_root
        raise MissingInputError(
            f"The data set's folder {ctx.study.source or recorded} is not there; the films are read from it.",
            f"Set `data` in the [study] table of {ctx.study.root / 'eeg2vid.toml'}.",
        )
    return ctx.study.source
