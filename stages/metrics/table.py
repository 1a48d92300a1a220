"""Every metric, in the order of the report: one line each."""

from __future__ import annotations

from eeg2vid.stages.metrics.accuracy import ACCURACY
from eeg2vid.stages.metrics.balanced_accuracy import BALANCED_ACCURACY
from eeg2vid.stages.metrics.class_spread import COLLAPSE, INCEPTION_SCORE
from eeg2vid.stages.metrics.clip_consistency import CLIP_CONSISTENCY
from eeg2vid.stages.metrics.clip_similarity import CLIP_SIMILARITY
from eeg2vid.stages.metrics.dists import DISTS
from eeg2vid.stages.metrics.flow_error import FLOW_ERROR
from eeg2vid.stages.metrics.fvd import FVD
from eeg2vid.stages.metrics.hue import HUE
from eeg2vid.stages.metrics.identification import (
    IDENTIFICATION,
    IDENTIFICATION_CLIP,
    IDENTIFICATION_I3D,
    IDENTIFICATION_TARGET,
    IDENTIFICATION_VIDEO,
)
from eeg2vid.stages.metrics.kernel_video_distance import KERNEL_VIDEO_DISTANCE
from eeg2vid.stages.metrics.lpips import LPIPS
from eeg2vid.stages.metrics.metric import Metric
from eeg2vid.stages.metrics.mse import MSE
from eeg2vid.stages.metrics.nway_judged import NWAY_FRAME, NWAY_VIDEO
from eeg2vid.stages.metrics.psnr import PSNR
from eeg2vid.stages.metrics.read_back import READ_BACK_FRAME, READ_BACK_VIDEO
from eeg2vid.stages.metrics.ssim import SSIM
from eeg2vid.stages.metrics.temporal_order import TEMPORAL_ORDER

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        IDENTIFICATION,
        IDENTIFICATION_CLIP,
        IDENTIFICATION_VIDEO,
        IDENTIFICATION_I3D,
        IDENTIFICATION_TARGET,
        NWAY_VIDEO,
        NWAY_FRAME,
        READ_BACK_VIDEO,
        READ_BACK_FRAME,
        TEMPORAL_ORDER,
        FLOW_ERROR,
        SSIM,
        PSNR,
        MSE,
        HUE,
        CLIP_SIMILARITY,
        LPIPS,
        DISTS,
        ACCURACY,
        BALANCED_ACCURACY,
        KERNEL_VIDEO_DISTANCE,
        FVD,
        INCEPTION_SCORE,
        COLLAPSE,
        CLIP_CONSISTENCY,
    )
}
