"""Nothing goes online but `weights fetch`: every loader of models is told to look on this machine only."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOADERS = {"from_pretrained", "snapshot_download", "hf_hub_download", "from_config_hub"}
ONLINE = {"requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client"}
FETCHES = "stages/services/weights.py"
OURS = {"InflatedUNet"}  # adapters of folders; no hub behind it


def calls_of(text):
    """Return the calls of loaders that may go online, and modules for going online that are imported."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            whose = getattr(getattr(node.func, "value", None), "id", "")
            given = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
            local = given.get("local_files_only") is True
            if name in LOADERS and whose not in OURS and not local:
                found.append(name)
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name in ONLINE]
        if isinstance(node, ast.ImportFrom) and node.module in ONLINE:
            found.append(node.module)
    return found


def test_nothing_else_goes_online():
    sources = [path for folder in ("schemas", "stages", "eeg2vid_cli") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix(): calls for path in sources if (calls := calls_of(path.read_text()))}
    assert found == {FETCHES: ["snapshot_download"]}


def test_a_loader_that_may_go_online_is_seen():
    assert calls_of("Model.from_pretrained('x', local_files_only=False)") == ["from_pretrained"]
    assert calls_of("Model.from_pretrained('x', local_files_only=True)") == []
    assert calls_of("import requests\nfrom urllib.request import urlopen") == ["requests", "urllib.request"]
