"""The one table of array layouts: what the axes of a foreign array stand for, told by its shape.

The known files are those that the released code of EEG2Video (Liu et al., NeurIPS 2024) reads and writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.errors import BadDataError, UsageError

GRID = ("block", "slot", "position")  # three axes that together count the events
ITEM = "item"  # one axis that counts events or clips
_LATENT = ("latent_row", "latent_column")
_PUBLISHED = {"method": "published", "bands": ((1, 4), (4, 8), (8, 14), (14, 31), (31, 99))}


@dataclass(frozen=True)
class Layout:
    """The axes of a foreign array in its own order.

    Attributes
    ----------
    name
        What the parameter `layout` calls it.
    schema, arrays
        What it can become.
    dims
        `GRID` or `ITEM`, then names of the schema's dims; dims that are absent get size 1.
    sizes
        What some axes must measure, to tell layouts apart.
    facts
        Attributes that such files are known to have.
    files
        Known files of this layout.
    """

    name: str
    schema: str
    arrays: tuple[str, ...]
    dims: tuple[str, ...]
    sizes: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: str = ""

    @property
    def leading(self) -> int:
        """Number of axes that count the items."""
        return len(GRID) if self.dims[: len(GRID)] == GRID else 1

    def fits(self, shape: tuple[int, ...], *, exactly: bool = True) -> bool:
        """Tell whether a shape can be of this layout."""
        sizes = self.sizes if exactly else {}
        return len(shape) == len(self.dims) and all(
            sizes.get(dim, size) == size for dim, size in zip(self.dims, shape, strict=True)
        )

    def __str__(self) -> str:
        axes = [f"{dim}={self.sizes[dim]}" if dim in self.sizes else dim for dim in self.dims]
        return f"'{self.name}' ({', '.join(axes)})"


LAYOUTS = (
    Layout(
        "1per1s",
        "features",
        ("de", "psd"),
        (*GRID, "window", "electrode", "band"),
        facts={**_PUBLISHED, "window_s": 1.0},
        files="DE_1per1s, PSD_1per1s (7,40,5,2,62,5)",
    ),
    Layout(
        "1per2s",
        "features",
        ("de", "psd"),
        (*GRID, "electrode", "band"),
        facts={**_PUBLISHED, "window_s": 2.0},
        files="DE_1per2s, PSD_1per2s (7,40,5,62,5)",
    ),
    Layout(
        "segmented",
        "epochs",
        ("epochs",),
        (*GRID, "electrode", "sample"),
        files="Segmented_Rawf_200Hz_2s (7,40,5,62,400)",
    ),
    Layout(
        "channel-first",
        "latents",
        ("latents",),
        (ITEM, "channel", "frame", *_LATENT),
        sizes={"channel": 4},
        files="1200_latent.npy (1200,4,6,36,64), 40classes_latents.pt (200,4,6,36,64)",
    ),
    Layout("native", "latents", ("latents",), (ITEM, "frame", "channel", *_LATENT), sizes={"channel": 4}),
    Layout(
        "native",
        "predictions",
        ("latents",),
        (ITEM, "frame", "channel", *_LATENT),
        sizes={"channel": 4},
        files="latent_out_block7_40_classes.npy (200,6,4,36,64)",
    ),
    Layout("channel-first", "predictions", ("latents",), (ITEM, "channel", "frame", *_LATENT), sizes={"channel": 4}),
    Layout(
        "native",
        "embeddings",
        ("text_states",),
        (ITEM, "token", "channel"),
        files="text_embeds/block{0..6}.pt (200,77,768 each)",
    ),
)


def layouts_of(schema: Schema, array: str, ndim: int | None = None) -> list[Layout]:
    """Return the layouts from which an array of a schema can be read; its own is always among them."""
    listed = [layout for layout in LAYOUTS if layout.schema == schema.name and array in layout.arrays]
    if not any(layout.name == "native" for layout in listed):
        spec = schema.spec_of(array, ndim)
        listed.append(Layout("native", schema.name, (array,), (ITEM, *(spec.dims[1:] if spec else ()))))
    return listed


def recognise(schema: Schema, array: str, shape: tuple[int, ...], wanted: str | None, where: str) -> Layout:
    """Return the layout of a foreign array.

    Raises
    ------
    UsageError
        If the shape fits several layouts and none is named, or the named one does not exist.
    BadDataError
        If the shape fits none.
    """
    listed = layouts_of(schema, array, len(shape))
    if wanted is not None:
        named = [layout for layout in listed if layout.name == wanted]
        if not named:
            raise UsageError(f"`layout`: '{wanted}' is none of {', '.join(layout.name for layout in listed)}.")
        listed = named
    fitting = [layout for layout in listed if layout.fits(shape, exactly=wanted is None)]
    if len(fitting) > 1:
        raise UsageError(
            f"{where}: the shape {shape} fits {' and '.join(map(str, fitting))}.",
            f"Choose with `layout` {fitting[0].name}.",
        )
    if not fitting:
        raise BadDataError(
            f"{where}: expected an array of layout {' or '.join(map(str, listed))}, found shape {shape}.",
        )
    return fitting[0]


def known_files() -> str:
    """Return the known files as lines for a help text."""
    lines = [f"{layout.schema}: {layout.files}" for layout in LAYOUTS if layout.files]
    return "\n\n".join([*lines, "videos: a folder of EEG2Video{0..199}.gif, the results for block 7"])
