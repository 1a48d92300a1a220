"""The loop that trains the tiny models: AdamW under a cosine, resumable to the byte.

Everything random in step `k` follows from (seed, k), so only weights, optimiser and counters are kept on disk.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from eeg2vid.stages.engine import stopping

STATE = "training-state.pt"
STOPPED = 75  # exit status: run the same command again
PRECISIONS = ("float32", "bfloat16")
LONGEST_AVERAGE = 0.999  # decay of the average of the weights
_TIMED = (10, 40)  # the steps that are timed to turn minutes into steps


def arguments(about: str, *, minutes: float = 60.0) -> argparse.ArgumentParser:
    """Return a parser of the options that all training scripts share."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and the card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="exactly so many; the same number gives the same weights")
    parser.add_argument("--minutes", type=float, default=minutes, help="without --steps: about so long")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--films", type=Path, help="folder from render_films.py; without it films are rendered anew")
    parser.add_argument("--workers", type=int, default=1, help="processes that render films ahead, without --films")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--precision", choices=PRECISIONS, default=PRECISIONS[0], help="of products; bfloat16 is twice as fast where "
        "the processor has it (avx512_bf16, amx, a GPU), and many times slower where not",
    )  # fmt: skip
    return parser


def adamw(model: torch.nn.Module, rate: float, decay: float = 0.05) -> torch.optim.AdamW:
    """Return AdamW that decays matrices only (no biases, gains, tables of one row)."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))


def hushed() -> None:
    """Keep transformers and diffusers from drawing bars, and torch to what gives the same bytes every time."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)


@torch.no_grad()
def follow(average: torch.nn.Module, model: torch.nn.Module, step: int) -> None:
    """Take a model's weights into their average over the last steps; at first over a few."""
    decay = min(LONGEST_AVERAGE, (1 + step) / (10 + step))
    for mean, value in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


def save_half(model: torch.nn.Module, folder: Path) -> None:
    """Write a transformers or diffusers model as float16 safetensors; the model is left in float16."""
    model.half().save_pretrained(folder, safe_serialization=True)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


@contextmanager
def products_in(precision: str, device: str) -> Iterator[None]:
    """Compute products in `precision`; on a CPU attention stays in float32: its backward pass is slow in bfloat16."""
    attend = torch.nn.functional.scaled_dot_product_attention

    def attend_in_float32(*tensors: torch.Tensor, **options: Any) -> torch.Tensor:
        with torch.autocast(device, enabled=False):
            return attend(*(tensor.float() for tensor in tensors), **options).to(tensors[0].dtype)

    half = precision == "bfloat16"
    chosen = attend_in_float32 if half and device == "cpu" else attend
    with (
        torch.autocast(device, torch.bfloat16, enabled=half),
        mock.patch.object(torch.nn.functional, "scaled_dot_product_attention", chosen),
    ):
        yield


class Run:
    """One training.

    Parameters
    ----------
    model, optimizer
        What is trained; every parameter group starts from its own learning rate.
    out
        Folder in which the state is kept (`training-state.pt`) until `finish`.
    minutes
        Used where `steps` is None: after some timed steps the number of steps is fixed, printed and kept.
    seed, threads
        Same seed, same number of threads and of steps: same weights, interrupted or not.
    steps
        Length of the training.
    precision
        Of products while training, "float32" or "bfloat16"; the weights are float32.
    warm_up
        Steps over which the learning rate rises.
    also
        Further modules (an average of the weights) that belong to the state.
    every
        Seconds between two savings of the state.
    settings
        What else must be equal for a state to be continued (sizes, batch, options): plain numbers and strings.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        out: Path,
        minutes: float = 60.0,
        seed: int = 0,
        threads: int = 1,
        *,
        steps: int | None = None,
        precision: str = "float32",
        warm_up: int = 100,
        also: Mapping[str, torch.nn.Module] | None = None,
        every: float = 120.0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        torch.set_num_threads(threads)
        self.modules = {"model": model, **(also or {})}
        self.optimizer, self.path = optimizer, Path(out) / STATE
        self.minutes, self.steps, self.warm_up, self.every = minutes, steps, warm_up, every
        self.seed, self.threads, self.rates = seed, threads, [group["lr"] for group in optimizer.param_groups]
        self.identity = {"seed": seed, "threads": threads, "warm_up": warm_up, "precision": precision}
        self.identity |= settings or {}
        self.precision = precision
        self.step, self.seconds, self.losses = 0, 0.0, list[float]()
        self.sessions = 1
        self._resume()

    def _resume(self) -> None:
        if not self.path.exists():
            return
        device = next(self.modules["model"].parameters()).device
        state = torch.load(self.path, map_location=device, weights_only=True)
        if state["identity"] != self.identity or (self.steps is not None and state["steps"] not in (None, self.steps)):
            raise SystemExit(
                f"{self.path} belongs to another training ({state['identity']}, {state['steps']} steps); asked for: "
                f"{self.identity}, {self.steps} steps. Delete it, or choose another --out."
            )
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["steps"] if self.steps is None else self.steps
        self.step, self.seconds, self.losses = state["step"], state["seconds"], state["losses"]
        self.sessions = state["sessions"] + 1
        print(f"going on after step {self.step}", flush=True)

    def save(self) -> None:
        """Write the state beside the old one, then in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        state = {
            "identity": self.identity,
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "steps": self.steps,
            "seconds": self.seconds,
            "losses": self.losses,
            "sessions": self.sessions,
        }
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)

    def _rate(self) -> float:
        if self.step < self.warm_up:
            return (self.step + 1) / self.warm_up
        start = max(self.warm_up, _TIMED[1])  # before it, the number of steps may not be known
        if self.steps is None or self.step < start:
            return 1.0
        return 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * (self.step - start) / max(1, self.steps - start)))

    def loop(
        self,
        step_fn: Callable[[Any, int], torch.Tensor],
        batches: Callable[[int], Iterator[Any]],
        after: Callable[[int], None] | None = None,
    ) -> dict[str, Any]:
        """Train to the last step.

        Parameters
        ----------
        step_fn
            From a batch and the step's number to the loss. The global generator of torch is seeded for every step.
        batches
            From the number of the first step to the stream of batches; it may be endless.
        after
            Called after each optimiser step.

        Returns
        -------
        The facts for a card: steps, minutes, seconds per step, first and last loss (means over 50 steps), ...

        Raises
        ------
        SystemExit
            With status 75 when a signal asked to stop; the state is saved, the same command goes on.
        """
        saved = time.monotonic()
        marks = dict[int, float]()
        stream, device = batches(self.step), next(self.modules["model"].parameters()).device.type
        model = self.modules["model"].train()
        try:
            with stopping.listening():
                while self.steps is None or self.step < self.steps:
                    began = time.monotonic()
                    batch = next(stream)
                    torch.manual_seed(1_000_003 * self.seed + self.step)
                    for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                        group["lr"] = rate * self._rate()
                    with products_in(self.precision, device):
                        loss = step_fn(batch, self.step)
                    self.optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    self.optimizer.step()
                    if after is not None:
                        after(self.step)
                    self.losses.append(loss.item())
                    self.step += 1
                    now = time.monotonic()
                    self.seconds += now - began
                    marks[self.step] = self.seconds
                    self._plan(marks)
                    if self.step % 50 == 0:
                        pace = self.seconds / self.step
                        print(
                            f"step {self.step}/{self.steps or '?'}  loss {np.mean(self.losses[-50:]):.4f}  "
                            f"{pace:.3f} s/step",
                            flush=True,
                        )
                    if stopping.requested():
                        self.save()
                        print(f"Stopped after step {self.step}; run the same command again to go on.", flush=True)
                        raise SystemExit(STOPPED)
                    if now - saved > self.every:
                        self.save()
                        saved = now
        finally:
            if hasattr(stream, "close"):
                stream.close()
        self.save()
        model.eval()
        return self.facts()

    def _plan(self, marks: Mapping[int, float]) -> None:
        first, last = _TIMED
        if self.steps is not None or self.step < last:
            return
        start = first if first in marks else min(marks)
        pace = (marks[self.step] - marks[start]) / max(1, self.step - start) if self.step > start else self.seconds
        left = max(0.0, 60 * self.minutes - self.seconds)
        self.steps = max(2 * self.warm_up, self.step + int(left / pace))
        print(f"{pace:.3f} s/step: {self.steps} steps; --steps {self.steps} makes the same weights", flush=True)

    def facts(self) -> dict[str, Any]:
        """Return what a card should say about the training."""
        return {
            "steps": self.step,
            "minutes": round(self.seconds / 60, 1),
            "seconds_per_step": round(self.seconds / max(1, self.step), 3),
            "first_loss": float(np.mean(self.losses[:50])),
            "last_loss": float(np.mean(self.losses[-50:])),
            "seed": self.seed,
            "threads": self.threads,
            "precision": self.precision,
            "torch": torch.__version__.split("+")[0],
            "sessions": self.sessions,
        }

    def finish(self) -> None:
        """Delete the state: the results are saved."""
        self.path.unlink(missing_ok=True)
