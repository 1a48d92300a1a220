"""Every stage, in order: the one explicit table."""

from __future__ import annotations

from eeg2vid.stages.caption import CaptionClips
from eeg2vid.stages.encode_clips import EncodeClips
from eeg2vid.stages.encode_latents import EncodeLatents
from eeg2vid.stages.encode_text import EncodeText
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.finetune_video import FinetuneVideo
from eeg2vid.stages.generate import Generate
from eeg2vid.stages.ingest import Ingest
from eeg2vid.stages.perceive import Perceive
from eeg2vid.stages.predict import Predict
from eeg2vid.stages.preprocess import Preprocess
from eeg2vid.stages.quality import Quality
from eeg2vid.stages.report import Report
from eeg2vid.stages.score import ScoreVideos
from eeg2vid.stages.split import Split
from eeg2vid.stages.split_videos import SplitVideos
from eeg2vid.stages.train_encoder import TrainEncoder
from eeg2vid.stages.train_mapper import TrainMapper

STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Ingest(),
        Quality(),
        Split(),
        Preprocess(),
        SplitVideos(),
        CaptionClips(),
        EncodeText(),
        EncodeClips(),
        EncodeLatents(),
        TrainEncoder(),
        TrainMapper(),
        FinetuneVideo(),
        Predict(),
        Generate(),
        Perceive(),
        ScoreVideos(),
        Report(),
    )
}


def stage_table() -> str:
    """Return the README's table of stages, in Markdown; a test holds README to it."""
    lines = ["| command | what it does | reads | writes |", "|---|---|---|---|"]
    for stage in STAGES.values():
        reads = ", ".join(stage.reads) or "a data set"
        lines.append(f"| `{stage.name}` | {stage.summary()} | {reads} | {', '.join(stage.writes)} |")
    return "\n".join(lines)
