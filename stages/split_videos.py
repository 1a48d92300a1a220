"""`split-videos`: films are cut into short clips, by time."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pydantic import Field

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.recordings import CLIPS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

_MULTIPLE = 8  # one VAE latent stands for 8 x 8 px


class SplitVideosSettings(Settings):
    """Settings of `split-videos`."""

    frames: int = Field(6, ge=1, le=64, description="frames per clip")
    fps: float = Field(3.0, gt=0, le=60, description="frames per second")
    width: int = Field(512, ge=16, le=2048, description="largest width, px; films are never enlarged")
    height: int = Field(288, ge=16, le=2048, description="largest height, px")


class SplitVideos(Stage):
    """Cut the films into short clips: 6 frames at 3 fps, 512 x 288 (the field's common form).

    Frames are chosen by presentation time with the film's measured rate, never by frame number.
    """

    name = "split-videos"
    Settings = SplitVideosSettings
    reads = {"clips": Read(CLIPS)}
    writes = {"stimuli": Write(VIDEOS, "study")}
    resources = Resources(cpus=8, memory_gb=8, minutes=40)
    examples = ("eeg2vid split-videos", "eeg2vid split-videos --width 256 --height 144")

    def sources(self, ctx: Context) -> list[Path]:
        """Return the films."""
        folder = data_folder(ctx)
        return sorted({folder / clip.file for clip in ctx.read("clips").table("clips", Clip)})

    def run(self, ctx: Context) -> None:
        """Decode each film once and keep the wanted frames."""
        from eeg2vid.stages.stimuli.resize import fit_size, pad_to_multiple
        from eeg2vid.stages.stimuli.video import probe, read_clips

        settings: SplitVideosSettings = ctx.settings
        clips = ctx.read("clips").table("clips", Clip)
        folder = data_folder(ctx)
        by_film: dict[str, list[int]] = defaultdict(list)
        for index, clip in enumerate(clips):
            by_film[clip.file].append(index)
        sizes = [(info.width, info.height) for info in (probe(folder / film) for film in by_film)]
        smallest = min(sizes, key=lambda size: size[0] * size[1])
        width, height = fit_size(*smallest, settings.width, settings.height)
        stack = [-(-side // _MULTIPLE) * _MULTIPLE for side in (height, width)]
        out = ctx.write("stimuli")
        frames = out.create("frames", (len(clips), settings.frames, *stack, 3), "uint8")
        ctx.reporter.start("split-videos: clips", len(clips))
        for film, members in by_film.items():
            spans = [(clips[i].start_s, clips[i].duration_s) for i in members]
            cut = read_clips(folder / film, spans, frames=settings.frames, fps=settings.fps, size=(width, height))
            for index, clip_frames in zip(members, cut, strict=True):
                frames[index] = pad_to_multiple(clip_frames, _MULTIPLE)[0]
                ctx.reporter.advance()
        out.table("clips", [VideoKey(clip=clip.clip) for clip in clips])
        out.attributes(VideoAttributes(fps=settings.fps, height=height, width=width))


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
