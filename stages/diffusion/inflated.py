"""A UNet of pictures made to denoise clips (Wu et al., Tune-A-Video, ICCV 2023)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from diffusers import ConfigMixin, ModelMixin
from torch import Tensor, nn

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.adapter_files import load_adapter, read_config, save_adapter
from eeg2vid.stages.diffusion.frames import Frames
from eeg2vid.stages.diffusion.frames_attention import ClipCross, SparseCausal, TemporalAttention
from eeg2vid.stages.diffusion.group_norm import average_over_clips
from eeg2vid.stages.diffusion.lora import LowRank
from eeg2vid.stages.diffusion.parts import blocks, key, refuse_others

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention import BasicTransformerBlock

_QUERIES = ("attn1.to_q", "attn2.to_q")
_PROJECTIONS = ("to_q", "to_k", "to_v", "to_out.0")


class InflatedUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A 2-D UNet made to denoise clips: frames in the batch, attention between frames.

    Made by `inflate` or `from_pretrained`. Before training its first frame is denoised as the picture network would
    (with `group_norm` frame), and with `self_attention` frame every frame is.

    Attributes
    ----------
    unet
        The picture network, with other processors of attention, and hooks that add the parts in `added`. By itself it
        can no longer be called.
    added
        Attention over time, low-rank additions.
    settings, base
        How it was inflated, and the identity of the picture network.
    """

    config_name = "config.json"
    _supports_gradient_checkpointing = True

    def __init__(self, unet: UNet2DConditionModel, settings: InflationSettings, base: str = "") -> None:
        super().__init__()
        refuse_others(unet)
        self.register_to_config(base=base, **settings.model_dump())
        self.settings, self.base = settings, base
        self.frames = Frames()
        self.unet = unet
        self.added = nn.ModuleDict()
        for name, block in blocks(unet).items():
            self._inflate_block(name, block)
        if settings.group_norm == "clip":
            average_over_clips(unet, self.frames)
        self.added.to(unet.device, unet.dtype)
        self._choose_trained()

    @classmethod
    def inflate(cls, unet: UNet2DConditionModel, settings: InflationSettings, base: str = "") -> InflatedUNet:
        """Make a network of clips of a network of pictures.

        Parameters
        ----------
        unet
            A UNet of Stable Diffusion 1.x or 2.x, of any size. It is used, not copied.
        settings
            How.
        base
            Identity of the picture network, which `save_pretrained` notes.

        Raises
        ------
        BadDataError
            If the UNet is of another kind, or was inflated before.
        """
        return cls(unet, settings, base)

    def _inflate_block(self, name: str, block: BasicTransformerBlock) -> None:
        if self.settings.self_attention == "sparse-causal":
            block.attn1.set_processor(SparseCausal(self.frames))
        block.attn2.set_processor(ClipCross())
        first = block.attn1
        temporal = TemporalAttention(
            block.dim, first.heads, first.to_q.out_features, self.settings.positions, self.frames
        )
        block.register_forward_hook(temporal.follow)
        self.added[key(name, "temporal")] = temporal
        if self.settings.trained == "lora":
            for layer in (f"{attention}.{one}" for attention in ("attn1", "attn2") for one in _PROJECTIONS):
                linear = block.get_submodule(layer)
                low = LowRank(linear, self.settings.lora_rank, self.settings.lora_alpha)
                linear.register_forward_hook(low.follow)
                self.added[key(name, layer, "lora")] = low

    def _choose_trained(self) -> None:
        self.requires_grad_(False)
        self.adapter().requires_grad_(True)
        if self.settings.trained == "published":  # there the norms before attention over time stay as they are made
            for part in self.added.values():
                part.norm.requires_grad_(False)

    def adapter(self) -> nn.ModuleDict:
        """Return what was added, and what is trained of the picture network: the very modules, by their places."""
        parts = dict(self.added.items())
        if self.settings.trained == "published":
            for name, block in blocks(self.unet).items():
                parts |= {key(name, query): block.get_submodule(query) for query in _QUERIES}
        return nn.ModuleDict(parts)

    def forward(self, x: Tensor, t: int | Tensor, states: Tensor) -> Tensor:
        """Return what the picture network predicts (noise or velocity) of every frame.

        Parameters
        ----------
        x
            Noisy latents `(clip, frame, channel, latent row, latent column)`, any number of frames.
        t
            Time: one for all clips, or `(clip,)`.
        states
            Text states `(clip, token, channel)`, the same for all frames of a clip.

        Returns
        -------
        Of the shape of `x`.
        """
        clips, count = x.shape[:2]
        if len(states) != clips:
            raise ValueError(f"{clips} clips to denoise, but text states of {len(states)}.")
        if isinstance(t, Tensor) and t.ndim:
            t = t.repeat_interleave(count)
        with self.frames.of(count):
            made = self.unet(x.flatten(0, 1), t, encoder_hidden_states=states, return_dict=False)[0]
        return made.reshape(x.shape)

    def enable_gradient_checkpointing(self) -> None:
        """Keep no inner values of blocks in a forward pass: they are computed again backwards."""
        self.unet.enable_gradient_checkpointing(self.frames.checkpointed)

    def disable_gradient_checkpointing(self) -> None:
        """Keep inner values again."""
        self.unet.disable_gradient_checkpointing()

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and the adapter, in float32, into a folder: no copy of the picture network."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.save_config(folder)
        save_adapter(self.adapter(), Path(folder))

    @classmethod
    def from_pretrained(cls, folder: Path, unet: UNet2DConditionModel, base: str = "") -> InflatedUNet:
        """Inflate a UNet as another was, and give it what that one learned.

        Parameters
        ----------
        folder
            As `save_pretrained` wrote it.
        unet
            The picture network. It is used, not copied.
        base
            Its identity.

        Raises
        ------
        MissingInputError
            If the folder lacks a file.
        BadDataError
            If what was saved belongs to another picture network: by its identity, or by missing, foreign or otherwise
            shaped values; or if values are not finite. The UNet may be inflated by then.
        """
        settings = read_config(Path(folder), base)
        model = cls.inflate(unet, settings, base)
        load_adapter(model.adapter(), Path(folder))
        return model
