"""Videos that every browser plays: H.264 in an mp4."""

import pathlib
import re
import subprocess
import tempfile
from types import TracebackType
from typing import Any, Self

import numpy as np

from rltools.errors import RLToolsError
from rltools.extras import require

_OUTPUT = [
    *(
        "-codec:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-crf",
        "20",
        "-preset",
        "veryfast",
    ),
    # What a player needs first comes first, so that it starts before all is loaded.
    *("-movflags", "+faststart"),
]


class VideoError(RLToolsError, RuntimeError):
    """A video can't be written."""


class VideoWriter:
    """Encodes frames as they come; a context manager.

    The first frame decides on the size. A side of odd length, which the format doesn't
    know, is made longer by one pixel.

    Args:
        path: The file to write.
        frames_per_second: How fast to show them.

    Raises:
        MissingExtraError: There is no imageio-ffmpeg, which brings the encoder.
        VideoError: The encoder can't be found.
    """

    def __init__(self, path: pathlib.Path, frames_per_second: float) -> None:
        package = require("imageio_ffmpeg", extra="ppo")
        try:
            self._encoder = package.get_ffmpeg_exe()
        except RuntimeError as error:
            raise VideoError(f"Can't encode videos: {error}") from error
        self._path = path
        self._frames_per_second = frames_per_second
        self._shape: tuple[int, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    def append(self, frame: Any) -> None:
        """Add a frame.

        Args:
            frame: Red, green and blue, uint8 [height, width, 3].

        Raises:
            VideoError: It is not such an array, or has another size than the first one;
                or the file can't be written.
        """
        if not isinstance(frame, np.ndarray):
            raise VideoError(
                f"Expected frames uint8 [height, width, 3], got {type(frame).__name__}."
            )
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[-1] != 3:
            raise VideoError(
                f"Expected frames uint8 [height, width, 3], got {frame.dtype} "
                f"{list(frame.shape)}."
            )
        if self._process is None:
            self._shape = frame.shape
            self._process = self._start()
        if frame.shape != self._shape:
            raise VideoError(
                f"Expected all frames of a video to have one size, got "
                f"{list(frame.shape)} after {list(self._shape)}."
            )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._even(frame).tobytes())
        except OSError as error:
            self._process.wait()
            failure = self._failure()
            self.abort()
            raise failure from error

    def close(self) -> None:
        """Finish the file.

        Raises:
            VideoError: It can't be written, for example because the disk is full.
        """
        if self._process is None:
            return
        try:
            self._process.communicate()
            if self._process.returncode:
                raise self._failure()
        finally:
            self.abort()

    def abort(self) -> None:
        """End the encoder at once, whatever becomes of the file."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
            self._log.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        height, width = (side + side % 2 for side in self._shape[:2])
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        return subprocess.Popen(
            [
                *(self._encoder, "-y", "-v", "error"),
                *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"),
                *("-r", str(self._frames_per_second), "-i", "-"),
                *(*_OUTPUT, str(self._path)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            process_group=0,  # Ctrl-C is for this process to decide about.
        )

    def _even(self, frame: np.ndarray) -> np.ndarray:
        rows, columns = (side % 2 for side in self._shape[:2])
        if rows or columns:
            frame = np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="edge")
        return frame

    def _failure(self) -> VideoError:
        """What the encoder, which has ended, has said first."""
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        reason = re.sub(r"^\[.*?\] ", "", text.partition("\n")[0]) or "no reason given"
        return VideoError(f"Can't write the video {self._path.name}: {reason}.")
