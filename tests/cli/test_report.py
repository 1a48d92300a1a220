"""`report`: an index and a page for each person, with the clips inside or beside, portable as a folder."""

import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

MEDIA = "artifacts/report/ridge/study/report/media"


def videos_of(workspace, subject, variant="ridge"):
    return open_artifact(workspace, Address("generate", variant, f"sub-{subject}", "videos"))


def first_column(html, folder, number):
    """Return the first clip of a sheet that a page names, uint8 `(row, column, 3)`."""
    url = re.search(rf"\.near \.s{number},[^{{]*{{background-image:url\(([^)]*)\)}}", html)[1]
    columns = int(re.search(rf"\.s{number}{{--columns:(\d+)}}", html)[1])
    picture = np.asarray(Image.open(io.BytesIO((folder / url).read_bytes())).convert("RGB"))
    return picture[:, : picture.shape[1] // columns]


def test_pages_with_clips_in_files_stand_wherever_the_folder_is(workspace, cli_ok, tmp_path):
    told = cli_ok("report", "--inline-mb", 0, "--quality", 100, "--threads", 2, "-w", workspace).err
    assert told.count("Open ") == 1 and f"Open {workspace / MEDIA / 'index.html'}" in told
    assert cli_ok("inspect", "report", "-w", workspace).err == f"Open {workspace / MEDIA / 'index.html'}"
    cli_ok("verify", "report", "-w", workspace)
    media = tmp_path / "elsewhere" / "media"
    shutil.copytree(workspace / MEDIA, media)
    assert sorted(path.name for path in media.iterdir()) == ["clips", "index.html", "sub-1.html", "sub-2.html"]
    links = 0
    for page in media.glob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert str(workspace) not in html and "file:" not in html
        for target in re.findall(r'href="([^"#]+)"', html) + re.findall(r"url\(([^)]*)\)", html):
            if not target.startswith("data:"):
                assert (media / target).is_file(), target
                links += 1
    assert links > 20
    for subject in "12":
        videos, html = videos_of(workspace, subject), (media / f"sub-{subject}.html").read_text(encoding="utf-8")
        keys = videos.table("clips", VideoKey)
        assert re.findall(r" · event ([^<]*)</p>", html) == [key.event for key in keys]
        size: VideoAttributes = videos.attributes()
        number = re.search(r'<figure class="c0"><span class="v s(\d+)" style="--column:0"', html)[1]
        clip = videos.read("frames", 0)[:, : size.height, : size.width]
        assert np.array_equal(first_column(html, media, number), clip.reshape(-1, size.width, 3))


def test_light_clips_stand_in_the_pages(workspace):
    """The tiny study's own report: its clips weigh less than the default."""
    pages = sorted(path.name for path in (workspace / MEDIA).iterdir())
    assert pages == ["index.html", "sub-1.html", "sub-2.html"]
    for page in (workspace / MEDIA).iterdir():
        targets = re.findall(r"url\(([^)]*)\)", page.read_text(encoding="utf-8"))
        assert targets and all(target.startswith("data:image/webp;base64,") for target in targets)


def test_one_person_has_one_page(workspace, cli_ok):
    cli_ok("report", "--subject", 1, "--title", "Pilot", "-w", workspace)
    (page,) = (workspace / MEDIA).iterdir()
    html = page.read_text(encoding="utf-8")
    assert "<h1>Pilot</h1>" in html and "Every clip" in html and html.count('<article class="clip"') == 60


@pytest.mark.parametrize(("option", "value"), [("--quality", 0), ("--quality", 101), ("--inline-mb", -1)])
def test_settings_have_bounds(workspace, cli, option, value):
    assert cli("report", option, value, "-w", workspace).code == 2
