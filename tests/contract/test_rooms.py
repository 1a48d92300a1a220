"""The rooms of the house: every one in the contracts of the layers, and no circle among modules or rooms."""

import importlib
import re
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.fixture(scope="module")
def links(tmp_path_factory):
    """Return a folder in which the package's parts lie in one, as the Makefile's build/links."""
    folder = tmp_path_factory.mktemp("links") / "eeg2vid"
    folder.mkdir()
    for line in re.findall(r"ln -sfn \$\(CURDIR\)/(\S+) \$\(LINKS\)/(\S+?);?$", MAKEFILE, re.MULTILINE):
        source, name = line
        if "$$name" not in source:
            (folder / name).symlink_to(ROOT / source)
    for name in re.search(r"for name in (.+?); do", MAKEFILE)[1].split():
        (folder / name).symlink_to(ROOT / "eeg2vid_api" / name)
    return folder.parent


@pytest.fixture(scope="module")
def graph(links):
    """Return who imports whom, imports for type checkers included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(links)
        patch.delitem(sys.modules, "eeg2vid", raising=False)  # else grimp takes where that one lies
        importlib.invalidate_caches()
        return grimp.build_graph("eeg2vid", cache_dir=None)


def test_the_graph_holds_every_module(graph):
    """Modules that the linter does not see keep every contract."""
    homes = {
        "eeg2vid_api": "eeg2vid",
        "eeg2vid_cli": "eeg2vid.cli",
        "stages": "eeg2vid.stages",
        "schemas": "eeg2vid.schemas",
    }
    found = set()
    for home, package in homes.items():
        for path in (ROOT / home).rglob("*.py"):
            parts = path.relative_to(ROOT / home).with_suffix("").parts
            found.add(".".join([package, *(part for part in parts if part != "__init__")]))
    assert {module for module in graph.modules if not module.startswith("eeg2vid.recipes")} == found


def circles(edges):
    """Return the sets of nodes that reach each other (Tarjan's strongly connected components)."""
    index, low, path, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        path.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in path:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            circle = set(path[path.index(node) :])
            del path[path.index(node) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for node in edges:
        if node not in index:
            visit(node)
    return found


def test_circles_are_found():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [["a", "b", "c"]]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_no_module_imports_what_imports_it(graph):
    assert circles({module: sorted(graph.find_modules_directly_imported_by(module)) for module in graph.modules}) == []


def test_no_two_rooms_import_each_other(graph):
    def room(module):
        parts = module.split(".")
        inside = len(parts) > 3 or (ROOT / "/".join(parts[1:])).is_dir()
        return ".".join(parts[:3]) if inside else module

    edges = {}
    for module in graph.modules:
        others = {room(other) for other in graph.find_modules_directly_imported_by(module)}
        edges.setdefault(room(module), set()).update(others - {room(module)})
    assert circles(edges) == []


def test_every_room_and_stage_stands_in_the_layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one["name"].startswith("Inside the stages"))["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    folders = {path.name for path in (ROOT / "stages").iterdir() if (path / "__init__.py").is_file()}
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert {name.removeprefix("eeg2vid.stages.") for name in named} == folders | files
    science = next(one for one in contracts if one["name"].startswith("Science"))["source_modules"]
    above = {"cohort", "decoding", "engine", "judging", "services", "store", "targets"}
    assert {name.removeprefix("eeg2vid.stages.") for name in science} == folders - above


def test_unit_tests_mirror_the_rooms():
    """A folder of unit tests is called after the room that it tests."""
    tests = {path.name for path in (ROOT / "tests" / "unit").iterdir() if any(path.glob("test_*.py"))}
    rooms = {path.name for path in (ROOT / "stages").iterdir() if (path / "__init__.py").is_file()}
    assert tests <= rooms | {"schemas"}
    assert not list((ROOT / "tests" / "unit").glob("*.py"))
