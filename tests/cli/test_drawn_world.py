"""`simulate --world drawn`: readable as SEED-DV, its truth beside it; its options are refused elsewhere."""

import json


def test_drawn_world_is_ingested(tmp_path, cli_ok):
    words = ["--world", "drawn", "--subjects", 1, "--blocks", 2, "--concepts", 3, "--resolution", 64]
    cli_ok("simulate", "--out", tmp_path / "data", *words, "--order", "random")
    assert json.loads((tmp_path / "data/truth/truth.json").read_text())
    assert "error" not in cli_ok("ingest", tmp_path / "data", "-w", tmp_path / "ws", "--check").out
    cli_ok("ingest", tmp_path / "data", "-w", tmp_path / "ws")
    shown = cli_ok("inspect", "ingest/default/sub-1/recordings", "-w", tmp_path / "ws").out
    assert "simulated" in shown


def test_its_options_belong_to_it(tmp_path, cli):
    for words in (["--drift", "free"], ["--hint-only"], ["--order", "random"], ["--outlier", "1"]):
        refused = cli("simulate", "--out", tmp_path / "data", *words)
        assert refused.code == 2 and "--world drawn" in refused.err
    wrong = cli("simulate", "--out", tmp_path / "data", "--world", "flat")
    assert wrong.code == 2 and "plain or drawn" in wrong.err
    assert not (tmp_path / "data").exists()
