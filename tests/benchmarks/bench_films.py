"""What cutting clips out of a film costs: python tests/benchmarks/bench_films.py FILM [--width 512 --height 288].

As `split-videos` cuts SEED-DV: runs of 13 s with five clips of 2 s behind a hint of 3 s, six frames each; and what
decoding every picture of the film costs, without doing anything with it. CPU seconds, one thread.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import av

from eeg2vid.stages.datasets.protocol import CLIP_S, CLIPS_PER_RUN, HINT_S, RUN_S
from eeg2vid.stages.stimuli.video import probe, read_clips


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--height", type=int, default=288)
    given = parser.parse_args()
    length = probe(given.film).duration_s
    starts = [run * RUN_S + HINT_S + k * CLIP_S for run in range(int(length / RUN_S)) for k in range(CLIPS_PER_RUN)]
    start = time.process_time()
    seen = hashlib.sha256()
    for first in range(0, len(starts), 25):
        spans = [(at, CLIP_S) for at in starts[first : first + 25]]
        for clip in read_clips(given.film, spans, frames=6, fps=3.0, size=(given.width, given.height)):
            seen.update(clip.data)
    cut = time.process_time() - start
    start = time.process_time()
    with av.open(str(given.film)) as container:
        container.streams.video[0].thread_count = 1
        pictures = sum(1 for _ in container.decode(video=0))
    print(f"{len(starts)} clips: {cut:.2f} CPU s, frames {seen.hexdigest()[:12]}")
    print(f"{pictures} pictures decoded: {time.process_time() - start:.2f} CPU s")


if __name__ == "__main__":
    main()
