"""What eeg2vid asks of its own networks and generators, asked of these."""

from eeg2vid_gru.settings import GruSettings, SteadySettings

from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.stages.services.plugin_checks import check_generator, check_network


def test_the_network():
    """It learns labels and values, and nothing where there is nothing."""
    check_network(GruSettings(width=8), TrainingSettings(epochs=12, batch_size=32, learning_rate=0.02))


def test_the_generator():
    """It shows what was decoded, clip by clip."""
    check_generator(SteadySettings())
