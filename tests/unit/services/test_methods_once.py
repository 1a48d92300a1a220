"""A method is described once."""

from eeg2vid.stages.services.methods.write import _once

LONG = "a network of many layers, each of which is described here at some length and cited [@somebody2024]."


def test_a_description_is_told_once():
    told = _once([f"Concepts were decoded by {LONG}", "Random numbers followed from seed 0.", f"Latents, by {LONG}"])
    assert told == [
        f"Concepts were decoded by {LONG}",
        "Random numbers followed from seed 0.",
        "Latents, by the same method.",
    ]
    assert _once(["A by ridge.", "B by ridge."]) == ["A by ridge.", "B by ridge."]
