"""A tour of eeg2vid in Python, cell by cell: python examples/tour.py [WORKSPACE [FIGURE]].

It needs a finished study, by default that of `make demo`, and changes nothing in it. Most editors run its cells
(`# %%`) one at a time; in a notebook set WORKSPACE yourself. Every number stands beside its chance level.
"""

# %% A study and what is in it
import sys

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader

import eeg2vid

arguments = [] if "ipykernel" in sys.modules else sys.argv[1:]
WORKSPACE, FIGURE = [*arguments, *["demo/workspace", "tour.png"][len(arguments) :]][:2]
SUBJECT = "1"

try:
    study = eeg2vid.open(WORKSPACE)
    print(study)
    print(study.list("preprocess", subject=SUBJECT))
    score = study[next(one for one in study.list("score", subject=SUBJECT, condition="full"))]
except eeg2vid.Eeg2VidError as error:  # the command line's own sentences, with what to do about it
    sys.exit(f"{error}\nThe tour needs a finished study: make demo")
system = score.address.variant  # which variants made what was scored: its own inputs tell
predictions = study[f"predict/{system}/sub-{SUBJECT}/predictions"]
checkpoints = [ref.address for ref in predictions.inputs if ref.role in ("encoders", "mappers")]

# %% Arrays are read when they are asked for, and only what is asked for
features = study[f"preprocess/default/sub-{SUBJECT}/features"]
print(features)
de = features.array("de")
print(de)
bands = [f"{low:g}-{high:g} Hz" for low, high in features.attributes.bands]
for band, value in zip(bands, de[:20].mean(axis=(0, 1, 2)), strict=True):
    print(f"{band:>8}: mean differential entropy of 20 events {value:.2f} nats")

# %% Tables are typed rows, and columns by name
events = study[f"ingest/default/sub-{SUBJECT}/events"].table()
print(events[:3])
print(f"{len(events)} events of {len(set(events['clip']))} clips in blocks {', '.join(dict.fromkeys(events['block']))}")

# %% Epochs for MNE-Python: volts, names, positions, events and their metadata
epochs = study[f"preprocess/default/sub-{SUBJECT}/epochs"]
mne_epochs = epochs.to_mne()
name, latency_s, peak = mne_epochs.average().get_peak(return_amplitude=True)
print(f"{len(mne_epochs)} epochs; the mean response peaks at {name} after {latency_s:.2f} s: {peak * 1e6:.2f} µV")

# %% The science on arrays of your own: the same numbers that `eeg2vid preprocess` wrote
few = epochs.array("epochs")[:3]
mine, _ = eeg2vid.band_features(
    few, epochs.attributes.sfreq, features.attributes.bands, window_s=features.attributes.window_s
)
print(f"band features recomputed: at most {np.abs(mine - de[:3]).max():.0e} nats from the stored ones")

# %% A fold for torch, standardised by its training events; a linear classifier in ten lines
fold = predictions.table("concept")["fold"][-1]
train, test = (study.dataset(SUBJECT, fold, part=part, target="concept") for part in ("train", "test"))
print(train)
torch.manual_seed(0)
classes = train.classes["concept"]
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(train[0][0].numel(), len(classes)))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1.0)
for _ in range(20):
    for x, y in DataLoader(train, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
with torch.no_grad():
    right = (model(test.inputs["de"]).argmax(1) == test.targets["concept"]).float().mean()
print(f"ten lines of torch: {right:.3f} of {len(test)} test clips (chance {1 / len(classes):.3f})")

# %% What `eeg2vid train-encoder` learned, on raw arrays: what `eeg2vid predict` wrote
decoder = eeg2vid.load_decoder(study, next(one for one in checkpoints if "/encoders" in one), fold, target="concept")
print(decoder)
raw = study.dataset(SUBJECT, fold, part="test", inputs=decoder.inputs, standardise=False)
probabilities = decoder.predict(raw.inputs)["concept"]
rows = [k for k, row in enumerate(predictions.table("concept")) if row.fold == fold]
print("the same as predict wrote:", np.allclose(probabilities, predictions.array("concept")[rows], atol=1e-5))
ways = min(5, len(classes))
found = eeg2vid.nway(probabilities, raw.targets["concept"].numpy(), ways=ways)
print(f"{ways}-way accuracy {found.accuracy:.3f} (chance {found.chance:.3f})")

# %% And what a clock alone would get, which sees no EEG: only when in its block a clip came
begin = {block: min(row.onset_s for row in events if row.block == block) for block in events["block"]}
learned = study.dataset(SUBJECT, fold, part="learned", inputs=decoder.inputs, standardise=False)
both = [*learned.events, *raw.events]
vote = eeg2vid.position_vote(
    [event.onset_s - begin[event.block] for event in both],
    np.concatenate([learned.targets["concept"], raw.targets["concept"]]),
    [event.block for event in both],
    np.arange(len(learned)),
    np.arange(len(learned), len(both)),
    classes=len(classes),
)
clock = (vote.probabilities.argmax(1) == raw.targets["concept"].numpy()).mean()
print(f"position vote: {clock:.3f} (chance {1 / len(classes):.3f})")

# %% Decoded clips beside the true ones
decoded, stimuli = study[f"generate/{system}/sub-{SUBJECT}"], study["split-videos/default/study/stimuli"]
keys = [key for key in decoded.table("clips") if key.fold == fold]
true_clips = np.stack([stimuli.clip(key.clip) for key in keys])
made_clips = np.stack([decoded.clip(key.clip, event=key.event) for key in keys])
alike = eeg2vid.identification(made_clips, true_clips)
print(f"identification among {len(keys)} clips of fold {fold}: {alike.two_way_score:.3f} (chance 0.500)")

few_clips = np.linspace(0, len(keys) - 1, min(6, len(keys))).astype(int)  # evenly chosen, none picked
figure, axes = plt.subplots(2, len(few_clips), figsize=(2 * len(few_clips), 2.6), squeeze=False, layout="constrained")
for column, place in enumerate(few_clips):
    for row, clips in enumerate((true_clips, made_clips)):
        axes[row, column].imshow(clips[place, 0])
        axes[row, column].set(xticks=[], yticks=[])
    axes[0, column].set_title(keys[place].clip, fontsize=8)
for row, label in enumerate(("true", "decoded")):
    axes[row, 0].set_ylabel(label)
figure.savefig(FIGURE, dpi=100)
print(f"figure: {FIGURE}")

# %% The score table: all folds, beside chance, interval and controls, as the report has it
for row in score.table("scores"):
    if row.metric in ("identification", "accuracy") and not (row.subset or row.variant):
        interval = "" if row.low is None else f" [{row.low:.3f}, {row.high:.3f}]"
        print(
            f"{row.target or 'video'} {row.metric}, {row.condition}: {row.value:.3f}{interval}, chance {row.chance:.3f}"
        )

# %% The same as a table of pandas, where it is installed
try:
    print(score.to_pandas()[["target", "metric", "condition", "value", "chance", "p"]].head())
except eeg2vid.Eeg2VidError as error:
    print(error)
