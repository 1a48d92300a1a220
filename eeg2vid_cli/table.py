"""Every command: what makes it, its panel, its first sentence. `eeg2vid --help` reads this and imports no command."""

from __future__ import annotations

from typing import Literal, NamedTuple

STAGE: Literal["stage"] = "stage"
SERVICE: Literal["service"] = "service"
GROUP: Literal["group"] = "group"
FILES = "Files, cluster"


class Listed(NamedTuple):
    """One command as the list shows it.

    Attributes
    ----------
    kind
        A stage of the registry, a service around them, or a group of services.
    panel
        Under which heading.
    about
        The first paragraph of its help; a test compares it with the command's own.
    """

    kind: Literal["stage", "service", "group"]
    panel: str
    about: str


COMMANDS: dict[str, Listed] = {
    "demo": Listed(SERVICE, "Start", "Simulate a small study, decode its videos, score them and write the report."),
    "simulate": Listed(
        SERVICE, "Start", "Write a simulated data set: drawn films, and EEG that carries their features."
    ),
    "run": Listed(SERVICE, "Start", "Make everything a recipe plans, in order; what is done already is skipped."),
    "status": Listed(SERVICE, "Start", "Show every planned unit: done, stale or damaged with the reason, or missing."),
    "doctor": Listed(
        SERVICE,
        "Start",
        "Check Python, packages, devices, codecs, and the workspace's disk, locks, clock, left-over work, manifests.",
    ),
    "ingest": Listed(
        STAGE,
        "EEG",
        "Read a data set: SEED-DV's folder, a BIDS-EEG folder, or any recordings MNE reads with events and clips.",
    ),
    "quality": Listed(
        STAGE,
        "EEG",
        "Describe each recording as recorded: amplitudes, spectra, line noise, drift, blinks, bad electrodes, "
        "dropouts.",
    ),
    "split": Listed(
        STAGE, "EEG", "Divide each subject's events into training, validation and test, and refuse what leaks."
    ),
    "preprocess": Listed(
        STAGE, "EEG", "Cut the EEG around each clip, and compute differential entropy (DE) and power (PSD) per band."
    ),
    "split-videos": Listed(
        STAGE, "Clips", "Cut the films into short clips: 6 frames at 3 fps, 512 x 288 (the field's common form)."
    ),
    "caption": Listed(STAGE, "Clips", "Describe each clip in a sentence with the profile's captioner (BLIP)."),
    "encode-text": Listed(
        STAGE, "Clips", "Encode each clip's caption with the profile's CLIP text encoder: 77 states, and one pooled."
    ),
    "encode-clips": Listed(
        STAGE, "Clips", "Look at each true clip with an eye, a judge network: what it sees, as arrays by name."
    ),
    "encode-latents": Listed(
        STAGE,
        "Clips",
        "Encode every frame with the profile's VAE: its posterior's mean or a sample, times the scaling factor.",
    ),
    "train-encoder": Listed(
        STAGE, "Decode", "Train classifiers of concept, motion and other labels on the training part of each fold."
    ),
    "train-mapper": Listed(
        STAGE,
        "Decode",
        "Train regressions from EEG to the clips' VAE latents, text states or embeddings on each fold's training part.",
    ),
    "finetune-video": Listed(
        STAGE,
        "Decode",
        "Tune the profile's picture network to make clips of captions: one model per fold, of clips that train in it.",
    ),
    "predict": Listed(
        STAGE, "Decode", "Decode the test events of every fold that was trained: class probabilities and values."
    ),
    "generate": Listed(STAGE, "Decode", "Make a video of every predicted clip: an array and one mp4 each."),
    "perceive": Listed(
        STAGE,
        "Judge",
        "Look at each decoded clip with an eye, a judge network, as `encode-clips` looks at the true ones.",
    ),
    "score": Listed(
        STAGE, "Judge", "Score the videos and the labels: each number beside chance, interval, p-value and controls."
    ),
    "report": Listed(
        STAGE,
        "Judge",
        "Write an index and a page per subject: truth and decoded videos side by side, scores, how to read them.",
    ),
    "compare": Listed(
        SERVICE,
        "Judge",
        "Join the scores of people, hold systems against each other on the same events, and put papers beside them.",
    ),
    "inspect": Listed(SERVICE, FILES, "List artifacts, or show one: arrays, tables, settings, inputs, hashes."),
    "verify": Listed(
        SERVICE,
        FILES,
        "Compare every file of every artifact with its manifest, and on request all that it was made of.",
    ),
    "import": Listed(SERVICE, FILES, "Validate files made elsewhere into an artifact; what reads it then reads yours."),
    "export": Listed(SERVICE, FILES, "Write an artifact's arrays, tables, weights and videos as plain files."),
    "cite": Listed(
        SERVICE,
        FILES,
        "Print, as BibTeX, the papers behind a recipe, the stages it plans, and their networks, generators and eyes.",
    ),
    "config": Listed(GROUP, FILES, "Settings in a file: write eeg2vid.toml, show what holds, check it."),
    "recipe": Listed(GROUP, FILES, "The recipes: list, show, copy."),
    "weights": Listed(GROUP, FILES, "Model weights: list, fetch, verify."),
    "slurm": Listed(GROUP, FILES, "Run stages as SLURM jobs."),
}
