"""Every metric, in the order of the report: one line each."""

from __future__ import annotations

from eeg2vid.stages.metrics.accuracy import ACCURACY
from eeg2vid.stages.metrics.balanced_accuracy import BALANCED_ACCURACY
from eeg2vid.stages.metrics.dists import DISTS
from eeg2vid.stages.metrics.identification import IDENTIFICATION
from eeg2vid.stages.metrics.lpips import LPIPS
from eeg2vid.stages.metrics.metric import Metric
from eeg2vid.stages.metrics.psnr import PSNR
from eeg2vid.stages.metrics.ssim import SSIM

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in (IDENTIFICATION, PSNR, SSIM, LPIPS, DISTS, ACCURACY, BALANCED_ACCURACY)
}
