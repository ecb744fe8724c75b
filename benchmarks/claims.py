"""What a benchmark claims, and whether the measurements bear it out."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple, Protocol

from .timing import Measured

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `holds` is None where there is no floor or nothing was measured."""

    title: str
    ours: str
    against: str = ""
    theirs: str = ""
    measured: str = ""
    floor: str = ""
    holds: bool | None = None


class Claim(Protocol):
    """Something to be said of measurements."""

    def row(self, measured: Measured) -> Row:
        """How it looks in the table."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our time is at most `floor` times theirs; without a floor the ratio is only told."""

    title: str
    ours: str  # the names of the commands compared
    theirs: str
    floor: float | None = None

    def row(self, measured: Measured) -> Row:
        if self.theirs not in measured.runs:
            return Row(self.title, format_seconds(measured.seconds(self.ours)), self.theirs, "not measured")
        ratio = measured.ratio(self.ours, self.theirs)
        return Row(
            self.title,
            format_seconds(measured.seconds(self.ours)),
            self.theirs,
            format_seconds(measured.seconds(self.theirs)),
            f"{ratio:.2f}×",
            f"{self.floor:.3g}×" if self.floor else "",
            ratio <= self.floor if self.floor else None,
        )


@dataclass(frozen=True, slots=True)
class ProcessorRatio:
    """How much processor time our run takes, for each second of theirs; a busy machine changes it little."""

    title: str
    ours: str
    theirs: str

    def row(self, measured: Measured) -> Row:
        if self.theirs not in measured.runs:
            return Row(self.title, format_seconds(measured.processor(self.ours)), self.theirs, "not measured")
        ratio = measured.processor_ratio(self.ours, self.theirs)
        mine, other = (format_seconds(measured.processor(name)) for name in (self.ours, self.theirs))
        return Row(self.title, mine, self.theirs, other, f"{ratio:.2f}×")


@dataclass(frozen=True, slots=True)
class Each:
    """The `count` statements that a run has more than a `smaller` one take at most `floor` seconds each."""

    title: str
    ours: str
    smaller: str
    count: int
    floor: float

    def row(self, measured: Measured) -> Row:
        each = measured.difference(self.ours, self.smaller) / self.count
        return Row(
            self.title,
            format_seconds(measured.seconds(self.ours)),
            self.smaller,
            format_seconds(measured.seconds(self.smaller)),
            f"{each * 1000:.2f} ms each",
            f"{self.floor * 1000:g} ms",
            each <= self.floor,
        )


class Series(NamedTuple):
    """A run of some statements more than a `smaller` run has, by the names of their commands."""

    name: str
    smaller: str
    number: int  # of those statements

    def list_times(self, measured: Measured) -> list[float]:
        """Return the seconds of one further statement in each turn."""
        pairs = zip(measured.runs[self.name], measured.runs[self.smaller], strict=True)
        return [(run.seconds - smaller.seconds) / self.number for run, smaller in pairs]


@dataclass(frozen=True, slots=True)
class EachRatio:
    """The time of one further statement of ours beside theirs, if the two run different numbers of them."""

    title: str
    ours: Series
    theirs: Series

    def row(self, measured: Measured) -> Row:
        mine = self.ours.list_times(measured)
        if self.theirs.name not in measured.runs:
            return Row(self.title, format_seconds(median(mine)), self.theirs.name, "not measured")
        theirs = self.theirs.list_times(measured)
        ratio = median(our / their for our, their in zip(mine, theirs, strict=True))
        return Row(
            self.title,
            format_seconds(median(mine)),
            self.theirs.name,
            format_seconds(median(theirs)),
            f"{ratio:.3f}×",
        )


@dataclass(frozen=True, slots=True)
class Within:
    """Our time is at most `floor` seconds, on whatever machine this is."""

    title: str
    ours: str
    floor: float

    def row(self, measured: Measured) -> Row:
        seconds = measured.seconds(self.ours)
        return Row(
            self.title, format_seconds(seconds), floor=format_seconds(self.floor), holds=seconds <= self.floor
        )


@dataclass(frozen=True, slots=True)
class Peak:
    """Memory stays under `floor` bytes."""

    title: str
    ours: str
    floor: float

    def row(self, measured: Measured) -> Row:
        peak = measured.peak(self.ours)
        return Row(
            self.title,
            format_seconds(measured.seconds(self.ours)),
            measured=f"{peak / MB:.1f} MB",
            floor=f"{self.floor / MB:g} MB",
            holds=peak <= self.floor,
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """The memory of a run is at most `floor` bytes more than that of a `smaller` run: it is flat."""

    title: str
    ours: str
    smaller: str
    floor: float

    def row(self, measured: Measured) -> Row:
        growth = measured.peak(self.ours) - measured.peak(self.smaller)
        return Row(
            self.title,
            f"{measured.peak(self.ours) / MB:.1f} MB",
            self.smaller,
            f"{measured.peak(self.smaller) / MB:.1f} MB",
            f"{growth / MB:+.1f} MB",
            f"{self.floor / MB:g} MB",
            growth <= self.floor,
        )


def format_seconds(seconds: float) -> str:
    """Return a time as the table shows it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
