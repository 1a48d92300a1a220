"""A card says what its models are, and nothing that depends on when they were made."""

from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.exchange.bibliography import bibliography
from eeg2vid.stages.exchange.cards import CardFacts, Port, card
from eeg2vid.stages.registry import STAGES

MODEL = {
    "fold": "block-7", "targets": ["concept"], "path": "block-7/concept", "network": "glmnet", "parameters": 12345,
    "train_events": 40, "validation_events": 8, "validation_scores": {"concept": 0.5}, "best_epoch": 3, "detail": "",
}  # fmt: skip
EPOCHS = [
    {"path": "block-7/concept", "phase": "choose", "epoch": k + 1, "train_loss": 1.0 / (k + 1), "validation_loss": loss}
    for k, loss in enumerate([0.9, 0.7, 0.6, 0.8])
]


def manifest(**changed):
    settings = STAGES["train-encoder"].Settings().model_dump(mode="json")
    known = {
        "schema_name": "checkpoints", "schema_version": 2, "stage": "train-encoder", "stage_version": 2,
        "variant": "glmnet", "unit": "sub-1", "role": "encoders", "settings": settings,
        "choices": {"network glmnet": 1}, "fingerprint": "f" * 64, "digest": "d" * 64, "created": "2026-01-01",
        "origins": {"seed": "default", "training.epochs": "command line"}, "stamps": ("simulated", "leak: clips"),
    }  # fmt: skip
    return Manifest(**known | changed)


def made(given, models=(MODEL,), history=EPOCHS):
    facts = CardFacts(
        STAGES["train-encoder"],
        data="SEED|DV",
        people=("1",),
        inputs=(Port("de", ("window", "electrode", "band"), (2, 62, 5), "1"),),
        outputs=(Port("concept", ("class",), (4,), "1"),),
        classes={"concept": ("cat", "car", "tree", "ship")},
    )
    return card(given, {"models": models, "history": history}, facts, "eeg2vid export X")


def test_what_the_card_says():
    text = made(manifest())
    head, body = text.split("---\n", 2)[1:]
    assert "library_name: eeg2vid" in head and '- "glmnet"' in head and "- accuracy" in head
    assert "# train-encoder/glmnet/sub-1/encoders" in body
    assert "simulated**: learned from simulated data" in body and "its scores are too good" in body
    assert "| 0.500 | 0.250 |" in body  # a score beside one in four classes
    assert "window 2 x electrode 62 x band 5, 1" in body and "cat, car, tree, ship" in body
    assert "| block-7/concept choose | epoch 4 | 0.25 | 0.6 at epoch 3 |" in body
    assert "| `training.epochs` | `100` | command line |" in body and "`seed`" not in body
    assert "12,345" in body and "SEED\\|DV" in body and "personal data" in body
    assert "d" * 64 in body and 'load_decoder(study, "train-encoder/glmnet/sub-1/encoders", fold="block-7")' in body
    for key in STAGES["train-encoder"].cites:
        assert bibliography()[key] in body


def test_the_same_models_have_the_same_card():
    text = made(manifest())
    assert made(manifest(created="2027-02-02", seconds=9.0, execution={"device": "cuda", "threads": 4})) == text
    assert made(manifest(digest="e" * 64)) != text


def test_what_is_not_known_is_not_invented():
    closed = MODEL | {"best_epoch": None, "validation_scores": {}}
    text = made(manifest(origins={}, stamps=(), choices={}), [closed], [])
    assert "closed form" in text and "| none | none |" in text
    assert (
        "## Training" not in text
        and "## Settings" not in text
        and "metrics:" not in text
        and ">" not in text.split("## ")[1]
    )
