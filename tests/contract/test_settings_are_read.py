"""A setting that nothing reads would be a promise not kept."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREES = {
    path: ast.parse(path.read_text())
    for home in ("stages", "schemas", "eeg2vid_cli")
    for path in (ROOT / home).rglob("*.py")
}
ALSO = {"Execution", "RecipeHeader", "Settings", "StudyConfig"}


def declared():
    """Return `(class, field)` of every class of settings, by name and by inheritance."""
    classes = {node.name: node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    parents = {name: {ast.unparse(base).split(".")[-1] for base in node.bases} for name, node in classes.items()}
    known = set(ALSO)
    while more := {name for name, bases in parents.items() if bases & known} - known:
        known |= more
    return {
        (name, row.target.id)
        for name in known & set(classes)
        for row in classes[name].body
        if isinstance(row, ast.AnnAssign)
        and isinstance(row.target, ast.Name)
        and "ClassVar" not in ast.unparse(row.annotation)
    }


def test_every_setting_is_read():
    read = {
        node.attr
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    fields = declared()
    assert {name for name, _ in fields} > {"CleaningSettings", "RidgeSettings", "TrainingSettings", *ALSO} - {
        "Settings"
    }
    assert sorted((name, field) for name, field in fields if field not in read) == []
