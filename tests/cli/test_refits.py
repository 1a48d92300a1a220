"""`train-encoder --permutations`: models fitted anew to relabelings, and what `score` makes of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from eeg2vid.schemas.checkpoints import CHECKPOINTS, TrainedModel
from eeg2vid.schemas.scores import Score
from eeg2vid.stages.judging.refits import refitted_of
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact


def test_score_takes_its_null_from_models_fitted_anew(workspace, cli_ok):
    (workspace / "eeg2vid.toml").write_text(
        (workspace / "eeg2vid.toml").read_text()
        + "\n[train-encoder.lda]\npermutations = 60\n[score.ridge]\npermutations = 50\n"
    )
    cli_ok("run", "-w", workspace, "--subject", 1, "--until", "score")
    encoders = open_artifact(workspace, Address("train-encoder", "lda", "sub-1", "encoders"))
    rows = encoders.table("models", TrainedModel)
    events, top1, top5 = (encoders.read(f"relabeled_{name}") for name in ("events", "top1", "top5"))
    assert events.shape == top1.shape == (len(rows), 60, 4)
    concept = [k for k, row in enumerate(rows) if row.targets == ("concept",)]
    assert (events[concept].sum(axis=(0, 2)) == 60).all()  # every test event, once
    assert (top1 <= events + 1e-6).all() and (top5 == events)[concept].all()  # four concepts
    null = top1[concept].sum(axis=(0, 2)) / 60
    assert abs(null.mean() - 0.25) < 4 * null.std() / np.sqrt(60) and null.std() > 0.02
    scores = open_artifact(workspace, Address("score", "ridge", "sub-1", "scores"))
    found = {(row.target, row.metric, row.variant, row.condition): row for row in scores.table("scores", Score)}
    full = found["concept", "accuracy", "", "full"]
    assert full.p == pytest.approx((1 + np.sum(null >= full.value - 1e-6)) / 61, abs=1e-6)
    assert full.note == "models were fitted anew to 60 relabelings"
    assert found["concept", "accuracy", "", "shuffled-runs"].note == ""  # only of what the models decode themselves
    assert found["concept", "balanced-accuracy", "", "full"].note == full.note
    assert found["concept", "balanced-accuracy", "per-run", "full"].note == ""
    again = open_artifact(workspace, Address("score", "ridge", "sub-1", "scores")).read("null")
    assert again.shape[1] == 50


def _models(folds, counts=None):
    """Stand for a checkpoint of models of one fold each, fitted anew or not."""
    rows = [SimpleNamespace(targets=("concept",), fold=fold) for fold in folds]
    return SimpleNamespace(
        manifest=SimpleNamespace(schema_name=CHECKPOINTS.name),
        has=lambda _: counts is not None,
        table=lambda *_: rows,
        read=lambda name, part: np.stack([counts[name] for _ in rows])[part],
    )


def test_no_null_is_borrowed_from_a_model_that_may_not_have_predicted():
    """Of several models of a fold (`predict --select validation`) it is not told which one predicts."""
    hits = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 2.0]])
    counts = {"relabeled_events": np.full((3, 2), 2.0), "relabeled_top1": hits, "relabeled_top5": hits}

    def null(*artifacts):
        return refitted_of(SimpleNamespace(ancestry=lambda _: artifacts), None, "concept", {"a", "b"}, 8)

    anew = _models("ab", counts)
    np.testing.assert_allclose(null(anew)["accuracy", ""], [0.25, 0.75, 0.5])
    assert null(anew, anew) == null(anew, _models("b")) == null(_models("b"), anew) == {}
    assert null(_models("a", counts), _models("b")) == null(_models("a", counts)) == {}


def test_networks_that_are_not_solved_at_once_are_refused(workspace, cli):
    found = cli("train-encoder", "-w", workspace, "--subject", 1, "--network", "glmnet", "--variant", "g", "--new",
                "--permutations", 9)  # fmt: skip
    assert found.code == 2 and "network 'glmnet' cannot be fitted anew" in found.err
