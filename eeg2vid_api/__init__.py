"""eeg2vid in Python: open what the command line made, and use its science on arrays of your own.

A tour; nothing is imported before it is used::

    import eeg2vid

    study = eeg2vid.open("demo/workspace")                  # its repr is a table of what is there
    epochs = study["preprocess/default/sub-1/epochs"]       # or any beginning that names one artifact
    epochs.array("epochs")[:10]                             # µV (event, electrode, sample); reads ten events
    epochs.to_mne()                                         # an mne.EpochsArray in volts
    study["score/evoked-rhythms/sub-1"].to_pandas()         # the score table; needs eeg2vid[notebook]
    train = study.dataset("1", fold="block-7", target="concept")  # for a torch DataLoader
    decoder = eeg2vid.load_decoder(study, "train-encoder/evoked-rhythms/sub-1", fold="block-7")
    test = study.dataset("1", fold="block-7", part="test", inputs=decoder.inputs, standardise=False)
    decoder.predict(test.inputs)["concept"]                 # probabilities (event, class)
    de, psd = eeg2vid.band_features(epochs.array("epochs")[:10], sfreq=200.0)

Errors are those of the command line (`Eeg2VidError`): a sentence, and what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2vid.notebook.decoders import load_decoder as load_decoder
    from eeg2vid.notebook.simulating import simulate as simulate
    from eeg2vid.notebook.study import Study as Study
    from eeg2vid.notebook.study import open_study as open
    from eeg2vid.schemas.errors import Eeg2VidError as Eeg2VidError
    from eeg2vid.stages.metrics.identify import identification as identification
    from eeg2vid.stages.metrics.nway import nway as nway
    from eeg2vid.stages.signal.features import band_features as band_features
    from eeg2vid.stages.statistics.position_vote import position_vote as position_vote

    __version__: str

__all__ = [
    "Eeg2VidError",
    "Study",
    "__version__",
    "band_features",
    "identification",
    "load_decoder",
    "nway",
    "open",
    "position_vote",
    "simulate",
]

_WHERE = {
    "Eeg2VidError": "eeg2vid.schemas.errors:Eeg2VidError",
    "Study": "eeg2vid.notebook.study:Study",
    "band_features": "eeg2vid.stages.signal.features:band_features",
    "identification": "eeg2vid.stages.metrics.identify:identification",
    "load_decoder": "eeg2vid.notebook.decoders:load_decoder",
    "nway": "eeg2vid.stages.metrics.nway:nway",
    "open": "eeg2vid.notebook.study:open_study",
    "position_vote": "eeg2vid.stages.statistics.position_vote:position_vote",
    "simulate": "eeg2vid.notebook.simulating:simulate",
}


if not TYPE_CHECKING:  # else any name would pass for one of the package

    def __getattr__(name: str) -> Any:
        """Import a name when it is first asked for (PEP 562)."""
        if name == "__version__":
            from importlib.metadata import version

            found: Any = version("eeg2vid")
        elif name in _WHERE:
            from importlib import import_module

            module, _, attribute = _WHERE[name].partition(":")
            found = getattr(import_module(module), attribute)
        else:
            raise AttributeError(f"module 'eeg2vid' has no attribute '{name}'")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
