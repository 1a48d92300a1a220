from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from eeg2vid.stages.training.schedule import cosine, follow_cosine


def test_the_rates_are_pytorchs_and_a_count_goes_on_after_a_stop():
    net = nn.Linear(2, 1)
    theirs, ours = (torch.optim.Adam(net.parameters(), lr=5e-4) for _ in range(2))
    scheduler = CosineAnnealingLR(theirs, T_max=10)
    for step in range(12):
        if step == 4:  # as a keeper does: the groups are all that is kept
            kept, ours = ours.state_dict(), torch.optim.Adam(net.parameters(), lr=5e-4)
            ours.load_state_dict(kept)
        follow_cosine(ours, 10)
        if step < 10:
            np.testing.assert_allclose(ours.param_groups[0]["lr"], theirs.param_groups[0]["lr"], rtol=1e-9)
        else:
            assert ours.param_groups[0]["lr"] == 0
        theirs.step()
        scheduler.step()
    assert [cosine(step, 2) for step in (0, 1, 2)] == pytest.approx([1, 0.5, 0])
