"""Foreign files: recognised by shape, joined by declared order, never trusted."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.entities import Clip, Event, EventKey
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.exchange.bundle import read_bundle, video_name
from eeg2vid.stages.exchange.content import require_known_ids
from eeg2vid.stages.exchange.foreign import ForeignArray, fitting_dtype, turned_array
from eeg2vid.stages.exchange.importers import read_foreign
from eeg2vid.stages.exchange.items import Known, Options, rows_of
from eeg2vid.stages.exchange.layouts import GRID, LAYOUTS, known_files, layouts_of, recognise
from eeg2vid.stages.exchange.sources import foreign_files, read_array
from eeg2vid.stages.exchange.tables import read_rows, write_rows

SD = settings(derandomize=True, deadline=None, max_examples=50)


def study(blocks=2, slots=3, positions=2, seed=0, sessions=1):
    """Return what a workspace knows: concepts in another order in each block."""
    rng = np.random.default_rng(seed)
    clips, events = [], []
    for block in range(1, blocks + 1):
        for slot, concept in enumerate(rng.permutation(slots) + 1, start=1):
            for k in range(1, positions + 1):
                name = f"b{block}-r{slot}-c{k}"
                clips.append(Clip(clip=name, concept=int(concept), block=str(block), file="f", start_s=0, duration_s=2))
    for session in range(1, sessions + 1):
        for number, clip in enumerate(clips):
            block, slot, k = (int(part[1:]) for part in clip.clip.split("-"))
            events.append(
                Event(
                    event=f"s{session}-{clip.clip}",
                    subject="1",
                    session=str(session),
                    recording=f"{session}-{block}",
                    block=str(block),
                    run=f"s{session}-{block}-{slot}",
                    position=k,
                    clip=clip.clip,
                    onset_s=float(number),
                    onset_sample=number,
                    duration_s=2,
                )
            )
    return Known(clips=clips, events=events, subject="1")


def test_published_shapes_are_recognised():
    expected = {
        ("features", "de", (7, 40, 5, 2, 62, 5)): "1per1s",
        ("features", "psd", (7, 40, 5, 62, 5)): "1per2s",
        ("epochs", "epochs", (7, 40, 5, 62, 400)): "segmented",
        ("latents", "latents", (1200, 4, 6, 36, 64)): "channel-first",
        ("latents", "latents", (200, 6, 4, 36, 64)): "native",
        ("predictions", "latents", (200, 6, 4, 36, 64)): "native",
        ("embeddings", "text_states", (1400, 77, 768)): "native",
        ("embeddings", "pooled", (1400, 768)): "native",
        ("features", "de", (1400, 2, 62, 5)): "native",
    }
    for (schema, array, shape), name in expected.items():
        assert recognise(SCHEMAS[schema], array, shape, None, "x").name == name
    latents = SCHEMAS["latents"]
    with pytest.raises(UsageError, match="fits 'channel-first'"):
        recognise(latents, "latents", (9, 4, 4, 36, 64), None, "x")
    assert recognise(latents, "latents", (9, 4, 4, 36, 64), "native", "x").name == "native"
    assert recognise(latents, "latents", (9, 6, 16, 36, 64), "native", "x").name == "native"
    with pytest.raises(BadDataError, match="channel=4"):
        recognise(latents, "latents", (9, 6, 16, 36, 64), None, "x")


def test_layouts_speak_of_their_schemas():
    for layout in LAYOUTS:
        spec = SCHEMAS[layout.schema].spec_of(layout.arrays[0])
        assert set(layout.dims[layout.leading :]) <= set(spec.dims[1:])
        assert layout in layouts_of(SCHEMAS[layout.schema], layout.arrays[0])
        assert set(layout.facts) <= set(SCHEMAS[layout.schema].attributes.model_fields)
    for name in ("DE_1per1s", "PSD_1per2s", "1200_latent.npy", "40classes_latents.pt", "text_embeds", "latent_out"):
        assert name in known_files()


@SD
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 9),
    st.sampled_from(["presentation", "concept"]),
)
def test_rows_follow_the_declared_order(blocks, slots, positions, seed, order):
    """Against the definition: write each event's place by brute force, read it back."""
    known = study(blocks, slots, positions, seed)
    concept = {clip.clip: clip.concept for clip in known.clips}
    key = (lambda e: (int(e.block), concept[e.clip], e.position)) if order == "concept" else (lambda e: e.onset_s)
    file = [event.event for event in sorted(known.events, key=key)]
    rows = rows_of(known, Options(order=order), "x")
    assert [file[place] for place in rows.places] == [event.event for event in known.events]
    assert rows.grid == (blocks, slots, positions)


def test_blocks_and_sessions_are_chosen_by_label():
    known = study(blocks=3, sessions=2)
    assert len(rows_of(known, Options(order="concept"), "x").items) == 36
    rows = rows_of(known, Options(order="concept", blocks="2-3", session="2"), "x")
    assert {item.part for item in rows.items} == {("2", "2"), ("2", "3")}
    assert sorted(rows.places) == list(range(12))
    for options, sentence in (
        (Options(order="concept", blocks="4"), "no block '4'"),
        (Options(order="concept", blocks="3-1"), "backwards"),
        (Options(order="concept", session="9"), "only sessions 1, 2"),
        (Options(), "must be declared"),
    ):
        with pytest.raises(UsageError, match=sentence):
            rows_of(known, options, "x")
    nameless = Known(clips=[clip.model_copy(update={"concept": None}) for clip in known.clips])
    with pytest.raises(BadDataError, match="has no concept"):
        rows_of(nameless, Options(order="concept"), "x")


@SD
@given(st.data())
def test_axes_are_turned_as_einsum_would(data):
    layout = data.draw(st.sampled_from(LAYOUTS))
    spec = SCHEMAS[layout.schema].spec_of(layout.arrays[0])
    shape = data.draw(st.tuples(*[st.integers(1, 4) for _ in layout.dims]))
    rng = np.random.default_rng(0)
    values = rng.normal(size=shape)
    n = int(np.prod(shape[: layout.leading]))
    places = rng.permutation(n)
    cut = data.draw(st.integers(1, shape[0]))
    parts = [part for part in (values[:cut], values[cut:]) if len(part)]
    array = turned_array(parts, layout, spec, places, "float64", 3.0)
    found = np.concatenate(list(array.slabs()))
    letters = {dim: chr(97 + k) for k, dim in enumerate(spec.dims)}
    theirs = layout.dims[layout.leading :]
    present = [dim for dim in spec.dims[1:] if dim in theirs]
    turned = np.einsum(
        f"z{''.join(letters[d] for d in theirs)}->z{''.join(letters[d] for d in present)}",
        values.reshape(n, *shape[layout.leading :]),
    )
    sizes = [turned.shape[1 + present.index(dim)] if dim in present else 1 for dim in spec.dims[1:]]
    np.testing.assert_array_equal(found, 3 * turned.reshape(n, *sizes)[places])
    assert found.shape == array.shape


def test_dtypes_are_kept_or_cast_to_the_widest_float():
    spec = SCHEMAS["latents"].arrays["latents"]
    assert fitting_dtype(np.dtype("float16"), spec, "x") == "float16"
    assert fitting_dtype(np.dtype("float64"), spec, "x") == "float32"
    assert fitting_dtype(np.dtype(">f4"), spec, "x") == "float32"
    for wrong in ("int64", "complex64", "bool"):
        with pytest.raises(BadDataError, match="expected float16 or float32"):
            fitting_dtype(np.dtype(wrong), spec, "x")
    array = ForeignArray((np.arange(6, dtype=">f4").reshape(3, 2),), np.array([2, 0]), (1,), (), "float32")
    np.testing.assert_array_equal(next(array.slabs()), [[4, 5], [0, 1]])


def test_caption_states_of_seven_blocks(tmp_path):
    """text_embeds/block{0..6}.pt: one file per block, each in presentation order."""
    known = study(blocks=3, slots=4, positions=5)
    states = np.random.default_rng(0).normal(size=(60, 7, 8)).astype(np.float16)
    folder = tmp_path / "text_embeds"
    folder.mkdir()
    for block in range(3):
        torch.save(torch.from_numpy(states[20 * block : 20 * block + 20]), folder / f"block{block}.pt")
    np.save(tmp_path / "pooled.npy", states[:, 0])
    everyone = Known(clips=known.clips)
    options = Options(order="presentation", also=(f"pooled={tmp_path / 'pooled.npy'}",))
    content = read_foreign(SCHEMAS["embeddings"], folder, options, everyone)
    np.testing.assert_array_equal(np.concatenate(list(content.arrays["text_states"].slabs())), states)
    np.testing.assert_array_equal(np.concatenate(list(content.arrays["pooled"].slabs())), states[:, 0])
    assert [row.clip for row in content.tables["clips"]] == [clip.clip for clip in known.clips]
    assert len(content.files) == 4
    (folder / "block1.pt").unlink()
    with pytest.raises(BadDataError, match="number 1 is missing"):
        read_foreign(SCHEMAS["embeddings"], folder, options, everyone)


def test_two_sessions_come_as_two_files(tmp_path):
    known = study(blocks=2, slots=2, positions=2, sessions=2)
    values = np.arange(2 * 8 * 3 * 4, dtype=np.float32).reshape(16, 3, 4)
    (tmp_path / "seg").mkdir()
    np.save(tmp_path / "seg" / "sub1.npy", values[:8].reshape(2, 2, 2, 3, 4))
    np.save(tmp_path / "seg" / "sub1_session2.npy", values[8:].reshape(2, 2, 2, 3, 4))
    here = Known(known.clips, known.events, electrodes=[None] * 3, subject="1")
    options = Options(order="presentation", scale=1.0)
    content = read_foreign(SCHEMAS["epochs"], tmp_path / "seg", options, here)
    np.testing.assert_array_equal(np.concatenate(list(content.arrays["epochs"].slabs())), values)
    with pytest.raises(BadDataError, match=r"expected \(4, 2, 2\).*found \(2, 2, 2\)"):
        read_foreign(SCHEMAS["epochs"], tmp_path / "seg" / "sub1.npy", options, here)


def powers(unit):
    """Mean |FFT|^2 over five bands of windows of 200 samples of 10 µV, as the released code has it; in V² or µV²."""
    eeg = np.random.default_rng(0).normal(0, 10 * (1e-6 if unit == "V²" else 1), (2, 3, 2, 2, 4, 200))
    spectra = abs(np.fft.rfft(eeg * np.hanning(200), axis=-1)) ** 2
    bands = [(1, 4), (4, 8), (8, 14), (14, 31), (31, 99)]
    return np.stack([spectra[..., low:high].mean(axis=-1) for low, high in bands], axis=-1)


@pytest.mark.parametrize("unit", ["V²", "µV²"])
def test_power_comes_in_squared_microvolts(tmp_path, unit):
    known = study(blocks=2, slots=3, positions=2)
    here = Known(known.clips, known.events, electrodes=[None] * 4, subject="1")
    path = tmp_path / "PSD_1per1s.npy"
    np.save(path, powers(unit))
    content = read_foreign(SCHEMAS["features"], path, Options(order="presentation"), here)
    found = np.concatenate(list(content.arrays["psd"].slabs()))
    np.testing.assert_allclose(found, powers("µV²").reshape(found.shape), rtol=1e-5)
    assert content.attributes["method"] == "published"
    said, size = content.remarks
    assert said.endswith("power as published, the mean of |FFT|^2, µV²: no density per Hz.")
    assert f": {unit} (median power " in size
    as_is = read_foreign(SCHEMAS["features"], path, Options(order="presentation", scale=1.0), here)
    kept = np.concatenate(list(as_is.arrays["psd"].slabs()))
    np.testing.assert_allclose(kept, powers(unit).reshape(kept.shape), rtol=1e-5)


@pytest.mark.parametrize("array", ["epochs", "psd"])
@pytest.mark.parametrize("layout", ["blocks", "events"])
def test_a_part_in_another_unit_is_refused(tmp_path, array, layout):
    known = study(blocks=2, slots=10, positions=2)
    here = Known(known.clips, known.events, electrodes=[None] * 4, subject="1")
    values = np.random.default_rng(0).normal(0, 10, (40, 4, 200)) if array == "epochs" else np.full((40, 2, 4, 5), 7e3)
    schema = SCHEMAS["epochs" if array == "epochs" else "features"]
    for factor, parts in ((1, None), (1e-3, "less"), (1e6, "less")):
        changed = values.copy()
        changed[20:] *= factor if array == "epochs" else factor**2
        changed = changed.reshape(2, 10, 2, *values.shape[1:]) if layout == "blocks" else changed
        np.save(tmp_path / f"{array}.npy", changed)
        options = Options(order="presentation", array=array)
        if parts is None:
            assert read_foreign(schema, tmp_path / f"{array}.npy", options, here).arrays
            continue
        with pytest.raises(BadDataError, match="times less; expected one unit") as caught:
            read_foreign(schema, tmp_path / f"{array}.npy", options, here)
        assert ("of block 1" in str(caught.value)) == (layout == "blocks")


def test_power_below_zero_is_refused(tmp_path):
    known = study(blocks=2, slots=3, positions=2)
    here = Known(known.clips, known.events, electrodes=[None] * 4, subject="1")
    path = tmp_path / "PSD_1per1s.npy"
    np.save(path, 10 * np.log10(powers("V²")))
    with pytest.raises(BadDataError, match="a power is never below 0") as caught:
        read_foreign(SCHEMAS["features"], path, Options(order="presentation"), here)
    assert "dB" in caught.value.hint


class Boom:
    """A pickle that would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt", ".pth", "legacy.pt"])
def test_a_malicious_pickle_never_runs(tmp_path, suffix):
    mark, path = tmp_path / "ran", tmp_path / f"x{suffix}"
    evil = np.array([Boom(mark)], dtype=object)
    if suffix == ".npy":
        np.save(path, evil, allow_pickle=True)
    elif suffix == ".npz":
        np.savez(path, x=evil)
    elif suffix == "legacy.pt":
        path.write_bytes(pickle.dumps(Boom(mark)))
    else:
        torch.save({"x": Boom(mark)}, path)
    with pytest.raises(BadDataError):
        read_array(path)
    assert not mark.exists()
    assert pickle.loads(pickle.dumps(Boom(mark))) is None and mark.exists()  # the trap works


def test_keys_choose_among_several(tmp_path):
    a, b = np.zeros(3, np.float32), np.ones(3, np.float32)
    np.savez(tmp_path / "x.npz", a=a, b=b)
    torch.save({"a": torch.zeros(3), "b": torch.ones(3, dtype=torch.bfloat16), "n": 3}, tmp_path / "x.pt")
    for path in (tmp_path / "x.npz", tmp_path / "x.pt"):
        np.testing.assert_array_equal(read_array(path, "b"), b)
        for key in (None, "c"):
            with pytest.raises(UsageError, match="`key` a"):
                read_array(path, key)
    torch.save([torch.zeros(3)], tmp_path / "list.pt")
    with pytest.raises(BadDataError, match="found list"):
        read_array(tmp_path / "list.pt")


@pytest.mark.parametrize("name", ["../../x.npy", "/etc/x.npy", "C:/x.npy", "a\\..\\x.npy"])
def test_hostile_member_names(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(BadDataError, match="leads out of the archive"):
        read_array(tmp_path / "x.npz")


def test_links_out_of_a_folder_and_mixed_folders(tmp_path):
    np.save(tmp_path / "secret.npy", np.zeros(3))
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(BadDataError, match="empty"):
        foreign_files(folder)
    (folder / "0.npy").symlink_to(tmp_path / "secret.npy")
    with pytest.raises(BadDataError, match="leads out"):
        foreign_files(folder)
    (folder / "0.npy").unlink()
    for name in ("10.npy", "9.npy", ".DS_Store"):
        (folder / name).touch()
    assert [path.name for path in foreign_files(folder)] == ["9.npy", "10.npy"]
    (folder / "a.txt").touch()
    with pytest.raises(BadDataError, match=r"one kind, found \.npy, \.txt"):
        foreign_files(folder)
    with pytest.raises(BadDataError, match="no such file"):
        foreign_files(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["cut", "empty", "garbage"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt"])
def test_damaged_files(tmp_path, suffix, damage):
    path = tmp_path / f"x{suffix}"
    values = np.arange(1000, dtype=np.float32)
    {".npy": np.save, ".npz": lambda p, v: np.savez(p, v), ".pt": lambda p, v: torch.save(torch.from_numpy(v), p)}[
        suffix
    ](path, values)
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "garbage": b"\x93NUM" + os.urandom(99)}[damage])
    with pytest.raises(BadDataError, match=path.name):
        read_array(path)


def bundle(folder, **changes):
    facts = {
        "schema_name": "folds",
        "schema_version": 1,
        "attributes": {"scheme": "x"},
        "arrays": {
            "assignment": {
                "file": "assignment.npy",
                "dims": ["fold", "event"],
                "dtype": "int8",
                "shape": [1, 2],
                "unit": "label",
            }
        },
    }
    folder.mkdir(exist_ok=True)
    (folder / "export.json").write_text(json.dumps(facts | changes))
    np.save(folder / "assignment.npy", np.array([[1, 3]], np.int8))
    (folder / "folds.jsonl").write_text('{"fold": "a", "test": "x", "validation": ""}\n')
    (folder / "events.csv").write_text("event,clip\ne1,c1\ne2,c2\n")
    return folder


def test_a_folder_made_by_hand(tmp_path):
    content = read_bundle(SCHEMAS["folds"], bundle(tmp_path / "x"))
    np.testing.assert_array_equal(next(content.arrays["assignment"].slabs()), [[1, 3]])
    assert content.tables["events"] == [EventKey(event="e1", clip="c1"), EventKey(event="e2", clip="c2")]
    assert len(content.files) == 4


def test_what_systems_leave_in_a_folder_is_no_part_of_it(tmp_path):
    folder = bundle(tmp_path / "x")
    for place in ("", "media", "models"):
        (folder / place).mkdir(exist_ok=True)
        for name in (".DS_Store", "._clip.mp4", "Thumbs.db", "desktop.ini", ".nfs0001"):
            (folder / place / name).write_bytes(b"left by a system")
    (folder / "media" / "c1.mp4").write_bytes(b"a film")
    content = read_bundle(SCHEMAS["folds"], folder)
    assert {*content.copies} == {"media/c1.mp4"}
    files = tmp_path / "files"
    files.mkdir()
    for name in ("1.npy", "2.npy", "Thumbs.db", "desktop.ini", "._1.npy"):
        (files / name).touch()
    assert [path.name for path in foreign_files(files)] == ["1.npy", "2.npy"]


def test_hostile_and_wrong_folders(tmp_path):
    folds = SCHEMAS["folds"]
    wrong_dims = {"assignment": {"file": "a", "dims": ["event", "fold"], "dtype": "int8", "shape": [1, 2], "unit": ""}}
    stranger = {"x": {"file": "/etc/passwd", "dims": ["event"], "dtype": "int8", "shape": [2], "unit": ""}}
    for changes, sentence in (
        ({"schema_version": 2}, "expected schema folds version 1, found folds version 2"),
        ({"schema_name": "latents"}, "found latents"),
        ({"arrays": wrong_dims}, "the schema has dims"),
        ({"arrays": stranger}, "another array"),
        ({"tables": {"folds": "../../folds.jsonl"}}, "expected table 'folds'"),
        ({"colour": 1}, "colour"),
        ({"format": "zip"}, "format"),
    ):
        with pytest.raises(BadDataError, match=sentence):
            read_bundle(folds, bundle(tmp_path / "x", **changes))
    folder = bundle(tmp_path / "y")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("s")
    (folder / "models").symlink_to(tmp_path / "outside")
    with pytest.raises(BadDataError, match="leads out"):
        read_bundle(folds, folder)
    (folder / "models").unlink()
    (folder / "assignment.npy").unlink()
    (folder / "assignment.npy").symlink_to(tmp_path / "x" / "assignment.npy")
    with pytest.raises(BadDataError, match="leads out"):
        read_bundle(folds, folder)
    for name in ("../x", "a/b", ".hidden", "a\\b", ""):
        with pytest.raises(BadDataError, match="cannot be a file name"):
            video_name(VideoKey(clip=name))


def test_ids_of_another_study_are_refused():
    known = study()
    keys = [EventKey(event=event.event, clip=event.clip) for event in known.events]
    require_known_ids(SCHEMAS["epochs"], {"events": keys}, known)
    for rows, sentence in (
        (keys[:-1], "found 11 events, expected 12"),
        ([keys[1], keys[0], *keys[2:]], "row 1 differs"),
        ([*keys[:-1], EventKey(event="zz", clip=keys[0].clip)], "event 'zz' is not in this study"),
        ([*keys[:-1], EventKey(event="s1-b1-r1-c1", clip="zz")], "clip 'zz' is not in this study"),
    ):
        with pytest.raises(BadDataError, match=sentence):
            require_known_ids(SCHEMAS["epochs"], {"events": rows}, known)
    with pytest.raises(BadDataError, match="subject '1' is not in this study"):
        require_known_ids(SCHEMAS["events"], {"events": known.events}, Known(known.clips, None, subject="2"))


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=8)


@SD
@given(
    st.sampled_from([".jsonl", ".csv"]),
    st.lists(
        st.builds(
            Clip,
            clip=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,9}", fullmatch=True),
            concept=st.none() | st.integers(1, 40),
            concept_name=st.none() | TEXT.filter(bool),
            group=st.none(),
            block=st.none() | st.just("7"),
            color=st.none() | st.integers(0, 6),
            face=st.none() | st.integers(0, 1),
            human=st.none(),
            number=st.none() | st.integers(1, 3),
            optical_flow=st.none() | st.floats(0, 1e300),
            file=TEXT,
            start_s=st.floats(0, 1e9),
            duration_s=st.floats(1e-300, 1e9),
        ),
        max_size=5,
    ),
)
def test_tables_come_back_exactly(tmp_path_factory, suffix, rows):
    path = tmp_path_factory.mktemp("t") / f"clips{suffix}"
    write_rows(path, rows, Clip)
    assert read_rows(path, Clip) == rows


def test_table_errors_name_the_line(tmp_path):
    for name, text, sentence in (
        ("a.csv", "event,clip\ne1,c1\ne2\n", "line 3: expected 2 cells"),
        ("b.csv", "event,clip,x\ne1,c1,2\n", "line 2: x"),
        ("c.jsonl", '{"event": "e", "clip": "c"}\n{oops\n', "line 2: not JSON"),
        ("d.jsonl", "[1]\n", "line 1: row"),
        ("e.jsonl", "\xff", "line 1"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(BadDataError, match=sentence):
            read_rows(tmp_path / name, EventKey)
    (tmp_path / "f.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(BadDataError, match="cannot be read"):
        read_rows(tmp_path / "f.jsonl", EventKey)


def test_grid_is_three_axes():
    assert GRID == ("block", "slot", "position")
