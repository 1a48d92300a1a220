"""Every metric, in the order of the report: one line each."""

from __future__ import annotations

from eeg2vid.stages.metrics.accuracy import ACCURACY
from eeg2vid.stages.metrics.balanced_accuracy import BALANCED_ACCURACY
from eeg2vid.stages.metrics.identification import (
    IDENTIFICATION,
    IDENTIFICATION_CLIP,
    IDENTIFICATION_I3D,
    IDENTIFICATION_TARGET,
    IDENTIFICATION_VIDEO,
)
from eeg2vid.stages.metrics.metric import Metric
from eeg2vid.stages.metrics.nway_judged import NWAY_FRAME, NWAY_VIDEO
from eeg2vid.stages.metrics.psnr import PSNR
from eeg2vid.stages.metrics.read_back import READ_BACK_FRAME, READ_BACK_VIDEO
from eeg2vid.stages.metrics.ssim import SSIM

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        IDENTIFICATION,
        IDENTIFICATION_CLIP,
        IDENTIFICATION_VIDEO,
        IDENTIFICATION_I3D,
        IDENTIFICATION_TARGET,
        NWAY_FRAME,
        NWAY_VIDEO,
        READ_BACK_FRAME,
        READ_BACK_VIDEO,
        PSNR,
        SSIM,
        ACCURACY,
        BALANCED_ACCURACY,
    )
}
