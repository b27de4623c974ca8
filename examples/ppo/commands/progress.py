"""How far a run is: a progress bar in a terminal, lines of text elsewhere."""

import datetime
import math
import time
from types import TracebackType
from typing import Self

from rich import console, progress

# Seconds between two lines where there is no bar.
_LINE_EVERY = 10.0


class Progress:
    """Reports steps, steps per second, scores and the time that is left.

    A context manager; the bar is taken off when it ends.

    Args:
        total: Training steps of the whole run.
        start: Training steps made in an earlier process.
        output: Where to write; by default standard output.
    """

    def __init__(
        self, total: int, start: int = 0, *, output: console.Console | None = None
    ) -> None:
        self._console = output or console.Console()
        self._total = total
        self._start = self._step = start
        self._started = self._last_line = time.monotonic()
        self._score: float | None = None
        self._bar: progress.Progress | None = None

    def __enter__(self) -> Self:
        self._started = self._last_line = time.monotonic()
        if self._console.is_terminal:
            self._bar = progress.Progress(
                progress.TextColumn("training"),
                progress.BarColumn(),
                progress.TextColumn("{task.description}"),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(self._status(), total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def training(self, step: int, score: float) -> None:
        """Report on training.

        Args:
            step: Training steps made so far.
            score: Mean score of the episodes that ended since the last report; NaN if
                none did, and the last score stays on display.
        """
        self._step = step
        if not math.isnan(score):
            self._score = score
        if self._bar:
            self._bar.update(self._task, completed=step, description=self._status())
        elif time.monotonic() - self._last_line >= _LINE_EVERY or step >= self._total:
            self._last_line = time.monotonic()
            self._print(self._status())

    def evaluation(self, step: int, score: float) -> None:
        """Report the score of an evaluation after some training steps."""
        self._print(f"{step:>9,} steps  evaluation {score:.1f}")

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)

    def _status(self) -> str:
        seconds = time.monotonic() - self._started
        speed = (self._step - self._start) / seconds if seconds > 0 else 0.0
        text = f"{self._step:>9,}/{self._total:,} steps  {speed:,.0f}/s"
        if self._score is not None:
            text += f"  score {self._score:.1f}"
        if speed > 0:
            left = datetime.timedelta(seconds=round((self._total - self._step) / speed))
            text += f"  {left} left"
        return text
