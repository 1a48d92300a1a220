"""What the header of an EDF or BDF file says of its data records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eeg2vid.stages.datasets.signal_checks import empty

ENDINGS = (".edf", ".bdf")
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")


@dataclass(frozen=True)
class Header:
    """Layout of a file's data records.

    Attributes
    ----------
    size
        Of the header, bytes.
    records
        Number of records as the header has it: -1 while it was being recorded.
    record_s
        Length of a record, s.
    labels, samples
        Of every channel: its name, and how many samples a record has of it.
    width
        Bytes of a sample.
    """

    size: int
    records: int
    record_s: float
    labels: tuple[str, ...]
    samples: tuple[int, ...]
    width: int

    @property
    def record_bytes(self) -> int:
        """Return the size of a record, bytes."""
        return self.width * sum(self.samples)

    @property
    def told(self) -> list[int]:
        """Return which channels hold annotations."""
        return [k for k, label in enumerate(self.labels) if label in ANNOTATIONS]


def read_header(path: Path) -> Header | None:
    """Return what a file's header says; None if it cannot be understood, on which MNE has more to say.

    Source: https://www.edfplus.info/specs/edf.html
    """
    with path.open("rb") as file:
        head = file.read(256)
        try:
            size, records, n = int(head[184:192]), int(head[236:244]), int(head[252:256])
            record_s = float(head[244:252])
            fields = file.read(256 * n)
            samples = tuple(int(fields[216 * n + 8 * k : 216 * n + 8 * k + 8]) for k in range(n))
        except ValueError:
            return None
    labels = tuple(fields[16 * k : 16 * k + 16].decode("latin-1").strip() for k in range(n))
    return Header(size, records, record_s, labels, samples, 3 if path.suffix.casefold() == ".bdf" else 2)


def refuse_no_record(path: Path) -> None:
    """Refuse an EDF or BDF file without a whole data record: its recording was never written, or not copied.

    Raises
    ------
    BadDataError
        If it has none.
    """
    header = read_header(path)
    if header is not None and header.record_bytes and path.stat().st_size - header.size < header.record_bytes:
        raise empty(path, len(header.labels) - len(header.told))
