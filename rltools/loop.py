"""A schedule of phases that is repeated for ever, such as training and evaluation."""

import contextlib
import functools
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rltools import extras
from rltools.arguments import check_integer, check_writable
from rltools.checkpoints import CheckpointStore
from rltools.errors import InvalidArgumentError
from rltools.phase import Phase
from rltools.phase_summaries import PhaseSummaries
from rltools.saving import Checkpoint, read_all

_logger = logging.getLogger(__name__)
_CHECKPOINTS = "checkpoints"


class Loop:
    """Repeats phases for ever, and reports, logs and saves at their intervals.

    The phase under way follows from the global step, so that a restored run goes on in
    the right one. A phase's own steps are counted through all of its epochs (an epoch
    is one turn of all phases), and its intervals are in these steps:

        # Phase "a": steps=2, report_every=4; phase "b": steps=1, report_every=1
        # Step:   0 1 2 3 4 5 6 7 8
        # Phase:  a a b a a b a a b
        # Reset:  x   x x   x x   x
        # Report:     b   a b     b

    A call that returns n scores takes n steps. It belongs to the phase that its first
    step is in, and may reach into the next one, which is then entered later and is left
    out if there is nothing left of it. The same holds for intervals: they are due if a
    multiple of them is among the steps of the call.

    Args:
        logdir: Folder for the summaries of each phase, `<logdir>/<phase name>`, and for
            checkpoints, `<logdir>/checkpoints`. None writes no summaries.
        store: Where to save checkpoints instead.

    Raises:
        MissingExtraError: There is a `logdir`, but TensorFlow is not installed.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str] | None = None,
        *,
        store: CheckpointStore | None = None,
    ) -> None:
        if logdir is not None:
            extras.require("tensorflow", extra="tensorflow")
            store = store or CheckpointStore(Path(logdir) / _CHECKPOINTS)
        self._logdir = None if logdir is None else Path(logdir)
        self._summaries = None if logdir is None else PhaseSummaries(Path(logdir))
        self._store = store
        self._phases: list[Phase] = []
        self._step = 0
        self._saved_step: int | None = None
        self._entered: tuple[str, int] | None = None

    @property
    def step(self) -> int:
        """The global step: the number of scores that all phases have returned."""
        return self._step

    @property
    def saved_step(self) -> int | None:
        """The global step of the checkpoint that was saved or restored last, if any."""
        return self._saved_step

    def add_phase(
        self,
        name: str,
        op: Callable[..., Any],
        *,
        steps: int,
        report_every: int | None = None,
        log_every: int | None = None,
        checkpoint_every: int | None = None,
        batch_size: int | None = None,
        feed: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a phase to the schedule.

        Args:
            name: Name of the phase, which no other one has.
            op: Called as `op(log=..., report=..., reset=..., **feed)` with booleans:
                whether a summary will be written, whether the mean score will be
                reported, and whether the phase has just been entered, which includes
                the first call after a checkpoint was restored. Returns (done, score) or
                (done, score, summary): bool and real numbers of the same shape, either
                scalars or arrays of any shape, and a dictionary from tags to numbers or
                arrays (see `rltools.summaries`).
            steps: Number of steps before the next phase has its turn.
            report_every: Number of steps of this phase from one report to the next.
            log_every: Number of steps from one written summary to the next.
            checkpoint_every: Number of steps from one checkpoint to the next.
            batch_size: Number of scores that each call returns. None learns it from the
                last call; the first call is expected to return one, so that its `log`
                and `report` may be False where they are due.
            feed: Further keyword arguments of the op.

        Raises:
            InvalidArgumentError: The name is taken, or another argument makes no sense.
        """
        taken = [phase.name for phase in self._phases]
        if name in taken or name == _CHECKPOINTS:
            raise InvalidArgumentError(
                f"expected the name of a phase to be none of {[*taken, _CHECKPOINTS]}, "
                f"got {name!r}."
            )
        phase = Phase(
            name,
            op,
            steps=steps,
            report_every=report_every,
            log_every=log_every,
            checkpoint_every=checkpoint_every,
            batch_size=batch_size,
            feed=feed,
        )
        self._phases.append(phase)

    def run(
        self, checkpoint: Checkpoint | None = None, max_step: int | None = None
    ) -> Iterator[float]:
        """Run the phases from the current step on.

        Args:
            checkpoint: What to save at the intervals of the phases and at the end. The
                newest valid checkpoint is restored first, if there is one. Summaries
                that were written after it, whose steps are made again, are removed; all
                of them if there is none.
            max_step: The global step to end at, or the first one after it that a call
                reaches. None never ends.

        Returns:
            Iterator over the reports: the mean over the scores of all episodes that
            have finished in the phase since its last report, NaN if there are none.

        Raises:
            CheckpointError: A checkpoint can't be written or read.
            SummaryError: Summaries can't be written or removed.
            InvalidArgumentError: There are no phases, `max_step` is not an integer of
                at least 0, there is no place to save the checkpoint in, or the
                `logdir` can't be written.
            InvalidResultError: An op returned what it should not (while iterating).
        """
        if not self._phases:
            raise InvalidArgumentError(
                "expected a phase to run: add_phase was not called."
            )
        if max_step is not None:
            max_step = check_integer("max_step", max_step, at_least=0)
        if checkpoint is not None and self._store is None:
            raise InvalidArgumentError(
                "expected a loop with a logdir or store to save the checkpoint in."
            )
        if self._logdir is not None:
            check_writable("logdir", self._logdir)
        if checkpoint is not None:
            self._restore(checkpoint)
        return self._run(checkpoint, max_step)

    def _run(
        self, checkpoint: Checkpoint | None, max_step: int | None
    ) -> Iterator[float]:
        with contextlib.ExitStack() as stack:
            if self._summaries is not None:
                stack.callback(self._summaries.close)
            longest = max(phase.steps for phase in self._phases)
            while max_step is None or self._step < max_step:
                phase, epoch, steps_in = self._find_phase()
                first = epoch * phase.steps + steps_in
                reset = self._entered != (phase.name, epoch)
                if reset:
                    _logger.info(
                        "Phase %s (step %d, epoch %d).", phase.name, self._step, epoch
                    )
                log = phase.is_due(phase.log_every, first)
                log = log and self._summaries is not None
                summary = phase.call(
                    log=log,
                    report=phase.is_due(phase.report_every, first),
                    reset=reset,
                )
                self._entered = (phase.name, epoch)
                self._step += phase.size
                if log and summary and self._summaries is not None:
                    # Shorter phases catch up as an epoch begins: the curves line up.
                    place = epoch * longest + steps_in
                    self._summaries.write(phase.name, place, summary)
                report = phase.is_due(phase.report_every, first)
                mean = phase.take_mean() if report else None
                # Before the report, for its receiver may never ask for the next one.
                if checkpoint is not None and phase.is_due(
                    phase.checkpoint_every, first
                ):
                    self._save(checkpoint)
                if mean is not None:
                    yield mean
            if checkpoint is not None and self._saved_step != self._step:
                self._save(checkpoint)

    def _find_phase(self) -> tuple[Phase, int, int]:
        """Return the current phase, its epoch and the number of steps made in that."""
        epoch, steps_in = divmod(self._step, sum(phase.steps for phase in self._phases))
        for phase in self._phases:
            if steps_in < phase.steps:
                break
            steps_in -= phase.steps
        return phase, epoch, steps_in

    def _save(self, checkpoint: Checkpoint) -> None:
        assert self._store is not None
        states = {phase.name: phase.get_state() for phase in self._phases}
        metadata: dict[str, Any] = {"phases": states}
        if self._summaries is not None:
            # They reach the disk first: no checkpoint is ever ahead of its summaries.
            metadata["summaries"] = self._summaries.save(list(states))
        self._store.save(self._step, checkpoint.write, metadata=metadata)
        self._saved_step = self._step
        _logger.info("Saved checkpoint at step %d.", self._step)

    def _restore(self, checkpoint: Checkpoint) -> None:
        assert self._store is not None
        restored = self._store.restore(functools.partial(read_all, checkpoint))
        saved = {} if restored is None else restored.metadata.get("summaries")
        if self._summaries is not None and saved is not None:
            self._summaries.restore([phase.name for phase in self._phases], saved)
        if restored is None:
            return
        states = restored.metadata.get("phases", {})
        for phase in self._phases:
            if phase.name in states:
                phase.set_state(states[phase.name])
        self._step = self._saved_step = restored.step
        self._entered = None
        _logger.info("Restored checkpoint %s.", restored.path)
