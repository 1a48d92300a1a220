"""Every metric, in the order of the report: one line each."""

from __future__ import annotations

from eeg2vid.stages.metrics.accuracy import ACCURACY
from eeg2vid.stages.metrics.balanced_accuracy import BALANCED_ACCURACY
from eeg2vid.stages.metrics.class_spread import COLLAPSE, INCEPTION_SCORE
from eeg2vid.stages.metrics.clip_consistency import CLIP_CONSISTENCY
from eeg2vid.stages.metrics.clip_similarity import CLIP_SIMILARITY
from eeg2vid.stages.metrics.flow_error import FLOW_ERROR
from eeg2vid.stages.metrics.fvd import FVD
from eeg2vid.stages.metrics.hue import HUE
from eeg2vid.stages.metrics.identification import IDENTIFICATION
from eeg2vid.stages.metrics.kernel_video_distance import KERNEL_VIDEO_DISTANCE
from eeg2vid.stages.metrics.metric import Metric
from eeg2vid.stages.metrics.mse import MSE
from eeg2vid.stages.metrics.psnr import PSNR
from eeg2vid.stages.metrics.ssim import SSIM
from eeg2vid.stages.metrics.temporal_order import TEMPORAL_ORDER

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        IDENTIFICATION,
        TEMPORAL_ORDER,
        PSNR,
        MSE,
        SSIM,
        HUE,
        CLIP_SIMILARITY,
        FLOW_ERROR,
        ACCURACY,
        BALANCED_ACCURACY,
        KERNEL_VIDEO_DISTANCE,
        FVD,
        INCEPTION_SCORE,
        COLLAPSE,
        CLIP_CONSISTENCY,
    )
}
