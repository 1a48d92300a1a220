"""Recipes: what they extend, what `published` means in them, and sweeps; on the real stages."""

import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.recipe import builtin_recipes, load_recipe
from eeg2vid.stages.engine.settings import protocol_of
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES

LAGS = ["lag-minus-400ms", "lag-0ms", "lag-400ms", "lag-800ms", "lag-1200ms", "lag-1600ms"]
SWEEP = """
[sweep]
variant = "lda"
stage = "preprocess"
settings = "tmin_s"
values = [0.0, 0.2]
names = "at-{tmin_s:ms}"
"""


def header(name="mine", more=""):
    return f'[recipe]\nname = "{name}"\ntitle = "Mine"\n{more}\n'


def load(tmp_path, text, name="mine.toml"):
    (tmp_path / name).write_text(text)
    return load_recipe(str(tmp_path / name), STAGES)


def study(tmp_path, recipe, **choices):
    if "[" in recipe:
        (tmp_path / "mine.toml").write_text(recipe)
        recipe = str(tmp_path / "mine.toml")
    return Study(Workspace(tmp_path), STAGES, Choices(recipe=recipe, **choices))


def test_eyes_look_at_every_system_unless_it_has_a_table_of_its_own(tmp_path):
    own = "[perceive.'ridge+image-encoder']\neye = {name = 'image-encoder', frame = 'all'}\n"
    recipe = load(tmp_path, header(more='extends = "ridge"\neyes = ["image-encoder"]') + "[generate.other]\n" + own)
    eye = {"name": "image-encoder", "frame": "all"}
    assert recipe.tables["perceive"] == {"ridge+image-encoder": {"eye": eye}, "other+image-encoder": {}}
    planned = {str(node) for node in study(tmp_path, str(tmp_path / "mine.toml")).plan(["1"])}
    assert {"encode-clips/image-encoder/study", "perceive/other+image-encoder~grey/sub-1"} <= planned
    with pytest.raises(UsageError, match=r"no eye 'image-encodr'.*'image-encoder'"):
        load(tmp_path, header(more='extends = "ridge"\neyes = ["image-encodr"]'))


# -- extends ---------------------------------------------------------------------------------------


def test_a_recipe_lays_its_tables_over_another(tmp_path):
    base = load_recipe("ridge", STAGES)
    mine = load(
        tmp_path,
        header(more='extends = "ridge"\ncites = ["duan2013differential"]')
        + '[train-encoder.lda]\ntargets = ["concept"]\n[train-mapper.ridge]\nnetwork = { penalties = 9 }\n'
        + "[preprocess.wide]\n",
    )
    assert mine.header.name == "mine" and mine.header.conditions == base.header.conditions
    assert mine.header.cites == (*base.header.cites, "duan2013differential")
    assert mine.tables["train-encoder"]["lda"] == {"network": {"name": "lda"}, "targets": ["concept"]}
    assert mine.tables["train-mapper"]["ridge"]["network"] == {"name": "ridge", "penalties": 9}
    assert mine.tables["generate"] == base.tables["generate"]
    assert mine.published["train-encoder"] == base.published["train-encoder"]
    own = load(tmp_path, header(more='extends = "ridge"\nconditions = []'))
    assert own.header.conditions == ()


def test_another_choice_replaces_the_inherited_one_whole(tmp_path):
    mine = load(
        tmp_path, header(more='extends = "latent-cnn"') + '[train-mapper.latent-cnn]\nnetwork = {name="ridge"}\n'
    )
    assert mine.tables["train-mapper"]["latent-cnn"]["network"] == {"name": "ridge"}


def test_files_are_relative_to_the_file_that_extends(tmp_path):
    (tmp_path / "below").mkdir()
    load(tmp_path / "below", header("base", 'extends = "ridge"') + "[score.ridge]\nn_way = 3\n", "base.toml")
    mine = load(tmp_path, header(more='extends = "below/base.toml"'))
    assert mine.tables["score"]["ridge"] == {"n_way": 3}


def test_wrong_extensions_are_sentences(tmp_path):
    with pytest.raises(UsageError, match=r"mine.toml, `extends`: There is no recipe 'rige'. Did you mean 'ridge'"):
        load(tmp_path, header(more='extends = "rige"'))
    with pytest.raises(UsageError, match=r"none.toml: cannot be read"):
        load(tmp_path, header(more='extends = "none.toml"'))
    (tmp_path / "a.toml").write_text(header("a", 'extends = "b.toml"'))
    with pytest.raises(UsageError, match=r"leads back to itself: b.toml -> a.toml -> .*b.toml"):
        load(tmp_path, header("b", 'extends = "a.toml"'), "b.toml")


# -- published -------------------------------------------------------------------------------------


def test_published_lies_over_the_recipe_and_under_everything_else(tmp_path):
    recipe = header() + "[preprocess.default]\nwindow_s = 0.5\nstep_s = 0.5\n"
    recipe += "[published.preprocess.default]\nwindow_s = 1.0\n"
    assert study(tmp_path, recipe).settings("preprocess", "default").settings.window_s == 0.5
    resolved = study(tmp_path, recipe, protocol="published").settings("preprocess", "default")
    assert (resolved.settings.window_s, resolved.settings.step_s) == (1.0, 0.5)
    assert resolved.origins["window_s"] == "recipe mine, [published]"
    (tmp_path / "eeg2vid.toml").write_text("[preprocess.default]\nwindow_s = 2.0\n")
    assert study(tmp_path, recipe, protocol="published").settings("preprocess", "default").settings.window_s == 2.0


def test_published_and_conditions(tmp_path):
    one = study(tmp_path, "ridge", protocol="published").settings("train-encoder", "lda~shuffled-runs").settings
    assert (one.fast_threshold, one.validation_in_training, one.training.scaling) == (1.799, True, "own")
    other = study(tmp_path, "ridge").settings("train-encoder", "lda").settings
    table = load_recipe("ridge", STAGES).published_table("train-encoder", "lda")
    assert (protocol_of(table, one), protocol_of(table, other)) == ("published", "corrected")
    mixed = study(tmp_path, "ridge", stage="train-encoder", settings={"training": {"refit": False}})
    assert protocol_of(table, mixed.settings("train-encoder", "lda").settings) == "mixed"
    assert protocol_of(None, one) is None


def test_published_values_are_compared_as_settings_take_them(tmp_path):
    table = {"network": {"local_electrodes": ["occipital"]}, "inputs": ["de"]}
    mine = study(tmp_path, "glmnet", stage="train-encoder", settings=table).settings("train-encoder", "glmnet").settings
    assert protocol_of(table, mine) == "published"
    assert protocol_of({"network": {"windows": 3}}, mine) == "corrected"  # of another network


def test_a_recipe_without_published_tables_refuses_the_protocol(tmp_path):
    with pytest.raises(UsageError, match="'latent-cnn' does not say") as error:
        study(tmp_path, "latent-cnn", protocol="published")
    assert error.value.hint == "Recipes that do: ridge, eeg2video, glmnet."


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[published.preprocess.defalt]\n", r"\[published.preprocess.defalt\].*Did you mean 'default'"),
        ("[published.preproces.default]\n", r"\[published\]: there is no stage 'preproces'"),
        ("[published.preprocess.default]\nfrom = {events = 'ingest/default'}\n", "`from` belongs into"),
        ("[published.preprocess]\nmethod = 'published'\n", r"belong into a table"),
    ],
)
def test_wrong_published_tables(tmp_path, table, words):
    with pytest.raises(UsageError, match=words):
        load(tmp_path, header() + table)


# -- sweep -----------------------------------------------------------------------------------------


def test_the_lag_sweep_spreads_out_as_it_was_written_by_hand(tmp_path):
    recipe = load_recipe("lag-sweep", STAGES)
    for stage in ("preprocess", "train-encoder", "predict", "score"):
        assert list(recipe.tables[stage]) == LAGS
    assert list(recipe.tables["report"]) == ["lag"]
    assert recipe.tables["preprocess"]["lag-minus-400ms"] == {"tmin_s": -0.4, "tmax_s": 1.6, "outside": "leave-out"}
    assert recipe.tables["train-encoder"]["lag-800ms"] == {"network": {"name": "lda"}, "targets": ["concept", "fast"]}
    assert recipe.sweep.stage == "preprocess" and recipe.sweep.settings == ("tmin_s", "tmax_s")
    assert recipe.sweep.points[3] == ("lag-800ms", (0.8, 2.8))
    one = study(tmp_path, "lag-sweep")
    read = [str(a) for a in one.inputs(Node("report", "lag", "study"), ["1"])["scores"]]
    assert read == [f"score/{lag}/sub-1/scores" for lag in LAGS]
    epochs = one.inputs(Node("train-encoder", "lag-0ms", "sub-1"), ["1"])["epochs"]
    assert [str(address) for address in epochs] == ["preprocess/lag-0ms/sub-1/epochs"]


def test_a_sweep_over_an_extended_recipe_keeps_the_others_apart(tmp_path):
    recipe = header(more='extends = "ridge"') + SWEEP.replace('"preprocess"', '"train-encoder"')
    recipe = recipe.replace('"tmin_s"', '"network.epoch_bins"').replace("[0.0, 0.2]", "[5, 10]")
    recipe = recipe.replace("at-{tmin_s:ms}", "bins-{epoch_bins}")
    recipe += '[preprocess.lda]\n[predict.lda]\nfrom = {encoders = "train-encoder/lda", mappers = "none"}\n'
    recipe += '[score.lda]\n[report.lda]\nfrom = {scores = "score/lda"}\n'
    one = study(tmp_path, recipe)
    assert one.bases("train-encoder") == ["bins-5", "bins-10"] and one.bases("preprocess") == ["lda"]
    assert one.settings("train-encoder", "bins-5").settings.network.epoch_bins == 5
    epochs = one.inputs(Node("train-encoder", "bins-5", "sub-1"), ["1"])["epochs"]
    assert [address.variant for address in epochs] == ["lda"]
    assert one.recipe.tables["predict"]["bins-10"]["from"]["encoders"] == "train-encoder/bins-10"
    scores = one.inputs(Node("report", "lda", "study"), ["1"])["scores"]
    assert [address.variant for address in scores] == ["bins-5", "bins-10"]
    assert one.recipe.published_table("train-encoder", "bins-5") == one.recipe.published_table(
        "train-encoder", "bins-10"
    )
    assert one.recipe.published_table("train-encoder", "bins-5")["fast_threshold"] == 1.799


def test_a_study_settles_all_points_or_one(tmp_path):
    (tmp_path / "eeg2vid.toml").write_text(
        '[train-encoder.lag-0ms]\ntargets = ["human"]\n[train-encoder.lag]\ntargets = ["face"]\nseed = 3\n'
    )
    one = study(tmp_path, "lag-sweep")
    assert one.bases("train-encoder") == LAGS
    found = [one.settings("train-encoder", name).settings for name in ("lag-0ms", "lag-400ms")]
    assert [(settings.targets, settings.seed) for settings in found] == [(("human",), 3), (("face",), 3)]


def test_a_tuning_repeats_what_is_trained_and_nothing_else(tmp_path):
    recipe = (
        header()
        + '[train-encoder.t]\nnetwork = {name = "glmnet"}\n[predict.t]\n[score.t]\n'
        + SWEEP.replace('"lda"', '"t"')
        .replace('"preprocess"', '"train-encoder"')
        .replace('"tmin_s"', '"training.learning_rate"')
    )
    recipe = recipe.replace("[0.0, 0.2]", "[1e-3, 3e-4]").replace("at-{tmin_s:ms}", "rate-{training.learning_rate:e}")
    one = study(tmp_path, recipe + 'select = "validation"\n')
    assert one.recipe.sweep.select == "validation"
    assert one.bases("train-encoder") == ["rate-1e-3", "rate-3e-4"]
    assert (one.bases("predict"), one.bases("score")) == (["t"], ["t"])
    read = one.inputs(Node("predict", "t", "sub-1"), ["1"])["encoders"]
    assert [address.variant for address in read] == ["rate-1e-3", "rate-3e-4"]
    assert one.settings("predict", "t").settings.select == "validation"


@pytest.mark.parametrize(
    ("pattern", "values", "names"),
    [
        ("at-{tmin_s:ms}", [-0.4, 0, 1.25], ["at-minus-400ms", "at-0ms", "at-1250ms"]),
        ("w{window}-{name}", [[3, "a"], [-4, "b"]], ["w3-a", "wminus-4-b"]),
        ("{rate:e}", [1e-3, 3e-4, 20], ["1e-3", "3e-4", "2e1"]),
        (["one", "two"], [[1], [2]], ["one", "two"]),
        ("x-{a.b}", [True, False], ["x-true", "x-false"]),
    ],
)
def test_names_from_a_pattern(tmp_path, pattern, values, names):
    import json

    settings = {"w{window}-{name}": ["window", "name"], "{rate:e}": "rate", "x-{a.b}": "a.b"}
    given = settings.get(pattern, "tmin_s") if isinstance(pattern, str) else ["tmin_s"]
    text = f'variant = "v"\nstage = "split"\nsettings = {json.dumps(given)}\nvalues = {json.dumps(values)}\n'
    recipe = load(tmp_path, header() + f"[score.v]\n[sweep]\n{text}names = {json.dumps(pattern)}\n")
    assert recipe.sweep.names == names


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"preprocess"', '"preproces"', "there is no stage 'preproces'. Did you mean 'preprocess'"),
        ('"preprocess"', '"report"', "report is the last stage"),
        ('"lda"', '"ldb"', "no table of the recipe is of variant 'ldb'. Did you mean 'lda'"),
        ("[0.0, 0.2]", "[0.0, 0.0]", "2 points are called 'at-0ms'"),
        ("[0.0, 0.2]", "[0.0]", "sweep.values"),
        ('"tmin_s"', '["tmin_s", "tmax_s"]', "each of `values` is a list of 2, for tmin_s, tmax_s; found 0.0"),
        ('"tmin_s"', '"--tmin-s"', "'--tmin-s' is no setting"),
        ("at-{tmin_s:ms}", "At {tmin_s:ms}", "'At 0ms' is no variant name"),
        ("at-{tmin_s:ms}", "at-{tmin_s}", "0.2 cannot be written into a name as '{tmin_s}'"),
        ("at-{tmin_s:ms}", "at-{tmin:ms}", "`names` speaks of 'tmin'. Did you mean 'tmin_s'"),
        ("at-{tmin_s:ms}", "at-{tmin_s:s}", "has a format 's'. Did you mean"),
        ('"at-{tmin_s:ms}"', '["one"]', "1 name for 2 values"),
        ('"at-{tmin_s:ms}"', '["one", "ridge"]', r"the name 'ridge' is taken by \[train-mapper.ridge\]"),
        ('"at-{tmin_s:ms}"', '["one", "lda"]', "the name 'lda' is taken by the sweep's variant"),
        ("names = ", 'select = "validation"\nnames = ', "preprocess trains nothing"),
        ("names = ", 'select = "test"\nnames = ', "sweep.select"),
        ("names = ", "name = 3\nnames = ", "there is no setting 'sweep.name'. Did you mean 'names'"),
    ],
)
def test_wrong_sweeps_are_sentences(tmp_path, old, new, words):
    text = header(more='extends = "ridge"') + SWEEP
    assert old in text
    with pytest.raises(UsageError, match=words):
        load(tmp_path, text.replace(old, new))


def test_an_unknown_swept_setting_is_found_when_settings_are(tmp_path):
    recipe = header(more='extends = "ridge"') + SWEEP.replace("tmin_s", "tmn_s")
    with pytest.raises(UsageError, match=r"there is no setting 'preprocess.tmn_s'\. Did you mean 'tmin_s'"):
        study(tmp_path, recipe).settings("preprocess", "at-0ms")


def test_built_in_recipes_are_loaded_from_the_package():
    assert builtin_recipes()[0] == "ridge" and "lag-sweep" in builtin_recipes()
