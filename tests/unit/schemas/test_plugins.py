"""Choices of other packages: joined to the tables when they are looked up, one by one, and never at others' cost."""

import subprocess
import sys
import textwrap

import pytest

from eeg2vid.schemas.choice import choices_of
from eeg2vid.schemas.errors import MissingPackageError, UsageError
from eeg2vid.schemas.generators import GENERATORS
from eeg2vid.schemas.networks import NETWORKS
from eeg2vid.schemas.plugins import code_of, owner_of, reference_of
from eeg2vid.stages.engine.settings import resolve_settings
from eeg2vid.stages.train_encoder import TrainEncoder

SOUND = """
    from typing import ClassVar, Literal
    from pydantic import Field
    from eeg2vid.schemas.networks import Network

    class Mine(Network):
        \"\"\"A network of theirs.\"\"\"
        builds: ClassVar[str] = "{module}:Decoder"
        learns: ClassVar[frozenset[str]] = frozenset({{"label"}})
        name: Literal["{name}"] = "{name}"
        width: int = Field(3, description="how wide")
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package of one module with one entry point, as pip leaves it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = []

    def put(name, text=SOUND, *, package="theirs", version="1.2", module=None, kind="networks", what="Mine"):
        module = module or package.replace("-", "_")
        modules.append(module)
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text.format(module=module, name=name)))
        info = tmp_path / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[eeg2vid.{kind}]\n{name} = {module}:{what}\n")
        sys.modules.pop(module, None)
        look_anew()

    yield put
    for module in modules:
        sys.modules.pop(module, None)
    look_anew()


def look_anew():
    NETWORKS.look_anew()
    GENERATORS.look_anew()


def network(name, **more):
    return resolve_settings(TrainEncoder(), {"recipe": {"network": {"name": name, **more}}}).settings.network


def test_a_name_of_another_package_is_found(install):
    install("lstm")
    assert "theirs" not in sys.modules
    assert network("lda").name == "lda" and "theirs" not in sys.modules  # ours are found without looking at others
    found = network("lstm", width=5)
    assert (found.name, found.width, type(found).__name__) == ("lstm", 5, "Mine")
    assert str(owner_of(type(found))) == "theirs 1.2" and owner_of(type(network("lda"))) is None
    assert list(choices_of(TrainEncoder.Settings.model_fields["network"]))[-1] == "lstm"
    with pytest.raises(UsageError, match=r"there is no 'lstn'\. Did you mean 'lstm'"):
        network("lstn")
    with pytest.raises(UsageError, match=r"no setting 'train-encoder\.network\.lstm\.wide'\. Did you mean 'width'"):
        network("lstm", wide=3)


def test_only_the_package_of_the_name_is_imported(install):
    install("lstm")
    install("tcn", package="others")
    assert network("lstm").name == "lstm"
    assert "theirs" in sys.modules and "others" not in sys.modules


def test_nobody_is_looked_for_at_the_start(install, tmp_path):
    install("lstm", "raise SystemExit('imported')\n")
    code = "import sys; import eeg2vid.schemas.networks, eeg2vid.schemas.generators; print('theirs' in sys.modules)"
    env = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("class Mine(Network):", "class Mine:"), r"theirs:Mine is no network: expected a subclass of .*\.Network"),
        (("from pydantic", "from no_such_package"), r"cannot be imported \(ModuleNotFoundError: No module named"),
        (("from pydantic", "raise ValueError('x\\ny')  #"), r"cannot be imported \(ValueError: x\)"),
        (("class Mine", "class Other"), r"cannot be imported \(AttributeError"),
        (('= "{name}"', '= "{name}"\n        broad: int = 0'), "setting 'broad' has no description"),
        (('Literal["{name}"] = "{name}"', 'str = "{name}"'), r'needs `name: Literal\["lstm"\] = "lstm"`'),
        (('Literal["{name}"] = "{name}"', 'Literal["gru"] = "gru"'), r'needs `name: Literal\["lstm"\]'),
        (('"{module}:Decoder"', '"Decoder"'), "`builds` is 'Decoder', expected 'package.module:Class'"),
        (('{{"label"}}', ""), "`learns` is empty"),
        (('{{"label"}}', '{{"labels"}}'), r"`learns` names 'labels', expected label, value"),
        (("builds:", "version: ClassVar[int] = 0\n        builds:"), "`version` is 0"),
        (('"""A network of theirs."""', ""), "has no docstring"),
        (("Field(3, ", "Field("), "setting 'width' has no default"),
    ],
)
def test_a_fault_is_said_and_breaks_nothing_else(install, change, says):
    assert SOUND.count(change[0]) == 1
    install("tcn", package="others")
    install("lstm", SOUND.replace(*change))
    with pytest.raises(MissingPackageError, match=f"Network 'lstm' of package theirs 1.2 cannot be used: .*{says}"):
        network("lstm")
    assert "lstm" not in list(NETWORKS) and "lstm" not in NETWORKS
    assert network("tcn").name == "tcn" and network("lda").name == "lda"
    assert {one.name: bool(one.fault) for one in NETWORKS.brought()} == {"lstm": True, "tcn": False}


def test_a_module_that_ends_the_process_ends_only_itself(install):
    install("lstm", "import sys\nsys.exit('bye')\n")
    with pytest.raises(MissingPackageError, match="SystemExit: bye"):
        network("lstm")


def test_a_name_that_exists_is_refused_with_both_owners(install):
    install("lda")
    [one] = NETWORKS.brought()
    assert one.fault == "eeg2vid itself has a network of this name, and uses it. theirs 1.2 must rename its own."
    assert type(network("lda")).__module__ == "eeg2vid.schemas.networks.lda"
    install("lstm", package="first-of-two", version="1")
    install("lstm", package="second", version="2")
    with pytest.raises(MissingPackageError, match="first-of-two 1 and second 2 each bring a network of this name"):
        network("lstm")


def test_a_network_is_no_generator(install):
    install("lstm", kind="generators")
    with pytest.raises(MissingPackageError, match="is no generator"):
        GENERATORS.require_sound("lstm")
    assert "lstm" not in NETWORKS and list(GENERATORS) == ["decode", "inflated"]


def test_a_reference_names_package_version_and_code(install, tmp_path):
    install("lstm")
    before = reference_of(network("lstm"))
    assert (before.package, before.version) == ("theirs", "1.2") and len(before.sha256) == 64
    assert before.planned["learns"] == ["label"] and before.planned["inputs"] == ["de", "epochs"]
    assert reference_of(network("lda")) is None
    install("lstm", SOUND + "\n    # a word more\n")
    assert reference_of(network("lstm")).sha256 != before.sha256
    install("lstm")
    assert code_of(type(network("lstm"))) == before.sha256
