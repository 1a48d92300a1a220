"""The parts of a UNet of Stable Diffusion that inflating touches, and which UNets have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import nn

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.diffusion.frames_attention import ClipCross

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

_ASKING = ("addition_embed_type", "class_embed_type", "encoder_hid_dim_type")


def key(*names: str) -> str:
    """Return the name under which a part is kept: a module's may hold no dots."""
    return ".".join(names).replace(".", "/")


def blocks(unet: nn.Module) -> dict[str, BasicTransformerBlock]:
    """Return the transformer blocks by their places."""
    return {name: part for name, part in unet.named_modules() if isinstance(part, BasicTransformerBlock)}


def refuse_others(unet: UNet2DConditionModel) -> None:
    """Refuse a UNet that needs more than noise, time and text, or attends otherwise.

    Raises
    ------
    BadDataError
        It says what is unlike Stable Diffusion 1.x and 2.x.
    """
    if why := _why_not(unet):
        raise BadDataError(
            f"This UNet cannot be inflated: {why}.", "Use one of Stable Diffusion 1.x or 2.x, as loaded."
        )


def _why_not(unet: UNet2DConditionModel) -> str | None:
    for name in _ASKING:
        if unet.config[name] is not None:
            return f"it asks for more than noise, time and text, its `{name}` is {unet.config[name]}"
    found = list(blocks(unet).values())
    if any(block.attn2 is None or block.only_cross_attention for block in found):
        return "a transformer block lacks self- or cross-attention"
    if any(isinstance(block.attn2.processor, ClipCross) for block in found):
        return "it was inflated before"
    attentions = sum(isinstance(part, Attention) for part in unet.modules())
    if not found or attentions != 2 * len(found):
        return f"it has {attentions} attentions, where its {len(found)} transformer blocks have {2 * len(found)}"
    return None
