"""Encoders kept with the model that reads them: as many as there are, in the order in which it read them."""

from eeg2vid.stages.decoding import embeddings
from eeg2vid.stages.networks import checkpoint


def test_the_order_of_more_than_ten_encoders_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "save_decoder", lambda folder, decoder: (folder / decoder).mkdir(parents=True))
    monkeypatch.setattr(checkpoint, "load_decoder", lambda folder: next(folder.iterdir()).name)
    decoders = [f"d{k}" for k in range(12)]
    embeddings.keep_encoders(tmp_path, {"encoder:glmnet": decoders})
    place = next(path for path in tmp_path.rglob("glmnet"))
    for name in (".DS_Store", "._0", "Thumbs.db"):
        (place / name).write_bytes(b"left by a system")
    assert embeddings.kept_encoders(tmp_path, ["encoder:glmnet"]) == {"encoder:glmnet": decoders}
