"""Contact sheets: every clip a row, true frames left, decoded ones right, in order."""

import numpy as np
from PIL import Image

from eeg2vid.stages.stimuli.contact_sheet import WIDTH_PX, contact_sheet, write_sheet


def plain(values, height=8, width=16):
    levels = np.asarray(values, np.uint8)
    return np.broadcast_to(levels[:, :, None, None, None], (*levels.shape, height, width, 3)).copy()


def test_frames_stand_where_they_should():
    true, decoded = plain([[10, 20], [30, 40], [50, 60]]), plain([[110, 120], [130, 140], [150, 160]])
    sheet = contact_sheet(true, decoded)
    assert sheet.shape == (3 * 8 + 2 * 2, 4 * 16 + 4, 3)
    for clip in range(3):
        line = sheet[clip * 10 + 4, [8, 24, 32 + 4 + 8, 48 + 4 + 8], 0]
        assert line.tolist() == [*true[clip, :, 0, 0, 0], *decoded[clip, :, 0, 0, 0]]
    assert (sheet[8:10] == 255).all() and (sheet[:, 32:36] == 255).all()


def test_large_frames_are_averaged_down_and_numbers_of_frames_may_differ(tmp_path):
    rng = np.random.default_rng(0)
    true, decoded = (rng.integers(0, 256, (2, n, 144, 256, 3), dtype=np.uint8) for n in (6, 3))
    sheet = contact_sheet(true, decoded)
    assert sheet.shape == (2 * 63 + 2, 9 * WIDTH_PX + 4, 3)
    assert abs(float(sheet[:63, :WIDTH_PX].mean()) - float(true[0, 0].mean())) < 0.5
    write_sheet(tmp_path / "a.png", true, decoded)
    write_sheet(tmp_path / "b.png", true, decoded)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), sheet)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
