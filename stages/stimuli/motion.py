"""How much moves in a clip: dense optical flow between consecutive pictures, averaged to one number.

The definition, `DEFINITION`, is ours; it is stored with every score. SEED-DV's own scores come with the data set,
and how they were made is not published beyond 'optical flow'.

The flow is the iterative, pyramidal method of Lucas and Kanade (IJCAI 1981; Bouguet, 2001), solved at every pixel:
around each, `sum_w (I_x dx + I_y dy + I_t)^2 + RIDGE * (dx^2 + dy^2)` is least. The ridge keeps what the coarser
picture found where there is nothing to see, and keeps compression noise in still pictures from counting as motion.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from eeg2vid.schemas.errors import BadDataError

REFERENCE_WIDTH = 512  # px; with 16:9 films this is the field's 512 x 288
WORK_WIDTH = 128  # px; flow is found on pictures of this width
DEFINITION = (
    "mean length of the dense optical flow (pyramidal Lucas-Kanade on luma, 128 px wide) over all pixels and all "
    "consecutive pictures at the film's own rate, in pixels of a picture 512 wide (512 x 288 if 16:9) per picture"
)
_SMALLEST = 9  # px, shorter side of the coarsest picture: larger ones are halved again
_STEPS = 2  # warps per level
_RADIUS = 2  # px; the window is this box twice, a pyramid of 9 x 9 px
_RIDGE = 16.0  # grey levels squared per px squared
_AT_ONCE = 16  # pairs of pictures in memory together
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def work_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height at which the flow of a picture is found: never larger than it is, px."""
    scale = min(1.0, WORK_WIDTH / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def motion_score(frames: NDArray[np.uint8]) -> float:
    """Return how much moves in a clip, in pixels of a picture 512 wide per picture.

    Parameters
    ----------
    frames
        uint8 `(frame, height, width, 3)`, sRGB, consecutive pictures at the film's own rate, already of `work_size`.

    Returns
    -------
    The mean length of the flow (see `DEFINITION`); 0 for a single picture.

    Raises
    ------
    BadDataError
        If the frames have another shape or type.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or not frames.size:
        raise BadDataError(f"Motion of frames: expected uint8 (n, h, w, 3), found {frames.dtype} {frames.shape}.")
    if len(frames) < 2:
        return 0.0
    grey = frames.astype(np.float32) @ LUMA
    lengths = [
        float(np.hypot(*np.moveaxis(dense_flow(grey[k : k + _AT_ONCE + 1]), 1, 0)).sum(dtype=np.float64))
        for k in range(0, len(grey) - 1, _AT_ONCE)
    ]
    return sum(lengths) / grey[1:].size * REFERENCE_WIDTH / frames.shape[2]


def dense_flow(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the flow from each picture to the next.

    Parameters
    ----------
    grey
        `(frame, height, width)`, grey levels 0 to 255.

    Returns
    -------
    float32 `(frame - 1, 2, height, width)`: to the right and down, px. What is at `(x, y)` in a picture is at
    `(x + flow[0], y + flow[1])` in the next.
    """
    with torch.inference_mode():
        pyramid = [_smooth(torch.from_numpy(np.ascontiguousarray(grey, dtype=np.float32))[:, None])]
        while min(pyramid[-1].shape[2:]) >= 2 * _SMALLEST:
            pyramid.append(functional.avg_pool2d(_smooth(pyramid[-1]), 2, ceil_mode=True))
        flow = torch.zeros(len(grey) - 1, 2, *pyramid[-1].shape[2:])
        for level in reversed(pyramid):
            height, width = level.shape[2:]
            if flow.shape[2:] != level.shape[2:]:
                finer = functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
                flow = 2 * finer[:, :, :height, :width]
            splines = _splines(level)
            for _ in range(_STEPS):
                flow = flow + _step(splines[:-1], splines[1:], flow)
        return flow.numpy()


def _step(first: torch.Tensor, second: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Return by how much the flow is still wrong, px; each `(pair, ., height, width)`."""
    # each picture comes half the way: what interpolation blurs, it blurs in both, and the flow is not biased by it
    first, seen_first = _warp(first, -flow / 2)
    second, seen_second = _warp(second, flow / 2)
    inside = seen_first * seen_second
    dx, dy = _slopes((first + second) / 2)
    change = second - first
    products = torch.cat([dx * dx, dx * dy, dy * dy, dx * change, dy * change, torch.ones_like(dx)], dim=1) * inside
    xx, xy, yy, xt, yt, seen = torch.chunk(_window(products), 6, dim=1)
    ridge = _RIDGE * seen.clamp(min=0.05)
    xx, yy = xx + ridge, yy + ridge
    determinant = xx * yy - xy * xy
    step = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], dim=1) / determinant
    return step / step.norm(dim=1, keepdim=True).clamp(min=1.0)  # a step of more than a pixel is a guess


def _warp(splines: torch.Tensor, flow: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures, given as cubic splines, as seen along a flow; and 1 where that is inside them, else 0.

    The 4 x 4 coefficients around a point are summed by four linear look-ups, each between two of a row and a
    column, at places that make the linear weights the spline's.
    """
    height, width = splines.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = columns + flow[:, 0], rows + flow[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    seen = torch.zeros_like(x)[:, None]
    for share_x, at_x in _look_ups(x):
        for share_y, at_y in _look_ups(y):
            places = torch.stack([2 * at_x / max(1, width - 1) - 1, 2 * at_y / max(1, height - 1) - 1], dim=-1)
            found = functional.grid_sample(splines, places, padding_mode="border", align_corners=True)
            seen += (share_x * share_y)[:, None] * found
    return seen, inside[:, None].float()


def _look_ups(place: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return two weights and places: a cubic B-spline along one axis, as two linear look-ups."""
    cell = place.floor()
    t = place - cell
    first, last = (1 - t) ** 3 / 6, t**3 / 6
    second = (4 - 6 * t**2 + 3 * t**3) / 6
    left = first + second
    return [(left, cell - first / left), (1 - left, cell + 1 + last / (1 - left))]


def _splines(pictures: torch.Tensor) -> torch.Tensor:
    """Return the coefficients of the cubic splines through pictures: linear look-ups would bias small flows."""
    return torch.from_numpy(ndimage.spline_filter1d(ndimage.spline_filter1d(pictures.numpy(), axis=2), axis=3)).float()


def _smooth(pictures: torch.Tensor) -> torch.Tensor:
    """Blur by (1, 2, 1) / 4 along both axes, edges repeated."""
    kernel = torch.tensor([0.25, 0.5, 0.25])
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(padded, (kernel[:, None] * kernel)[None, None])


def _slopes(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return central differences along columns and rows, grey levels per px."""
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2, (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2


def _window(maps: torch.Tensor) -> torch.Tensor:
    """Average around every pixel, twice over a box; less is averaged at the edges."""
    for _ in range(2):
        maps = functional.avg_pool2d(maps, 2 * _RADIUS + 1, stride=1, padding=_RADIUS, count_include_pad=False)
    return maps
