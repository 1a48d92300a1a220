"""Command lines that stand beneath the help of services; stages declare their own."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("eeg2vid demo", "eeg2vid demo --out demo-eeg2video --recipe eeg2video"),
    "simulate": (
        "eeg2vid simulate --out simulated --subjects 4 --preset seed-like",
        "eeg2vid simulate --out trap --drift locked --subjects 4",
    ),
    "run": (
        "eeg2vid run --dry-run",
        "eeg2vid run DATA --until preprocess --subject 1-5",
        "eeg2vid run --recipe eeg2video --models sd --protocol published",
    ),
    "status": ("eeg2vid status", "eeg2vid status -q", "eeg2vid status --subject 3 --json"),
    "doctor": ("eeg2vid doctor", "eeg2vid doctor -w study"),
    "compare": (
        "eeg2vid compare",
        "eeg2vid compare ridge latent-cnn --margin 0.02",
        "eeg2vid compare --papers --csv scores.csv",
    ),
    "inspect": (
        "eeg2vid inspect score",
        "eeg2vid inspect preprocess/default/sub-3/features",
        "eeg2vid inspect -q score | xargs -n 1 eeg2vid verify",
    ),
    "verify": ("eeg2vid verify", "eeg2vid verify generate --sources"),
    "import": (
        "eeg2vid import 1200_latent.npy --as latents --to encode-latents/theirs --order concept --blocks 1-6",
        "eeg2vid import DECODED/ --as videos --to generate/theirs --subject 1",
    ),
    "export": ("eeg2vid export score/ridge/sub-1/scores --out scores-1 --format csv",),
    "cite": ("eeg2vid cite", "eeg2vid cite --recipe eeg2video"),
    "config init": ("eeg2vid config init", "eeg2vid config init --recipe eeg2video --models sd --subject 1-20"),
    "config show": (
        "eeg2vid config show --changed",
        "eeg2vid config show preprocess",
        "eeg2vid config show train-mapper.latents --set network.width=256",
    ),
    "config check": ("eeg2vid config check", "eeg2vid config check --recipe mine.toml"),
    "recipe list": ("eeg2vid recipe list",),
    "recipe show": ("eeg2vid recipe show eeg2video",),
    "recipe copy": ("eeg2vid recipe copy ridge mine.toml",),
    "weights list": ("eeg2vid weights list --models sd",),
    "weights fetch": ("eeg2vid weights fetch --models sd",),
    "weights verify": ("eeg2vid weights verify --models sd",),
    "slurm script": (
        "eeg2vid slurm script generate --subject 1-20 --out generate.sbatch",
        "eeg2vid slurm script train-mapper -q | sbatch",
    ),
}


def epilog(examples: tuple[str, ...]) -> str | None:
    """Return what stands beneath the help, None where there is no example."""
    return "\n\n".join(["Examples:", *examples]) if examples else None
