import os

import numpy as np
import pytest

from examples.ppo.videos.video import VideoError, VideoWriter

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")


def frames(count, height, width):
    """Each brighter than the one before."""
    for index in range(count):
        yield np.full([height, width, 3], 20 * index, np.uint8)


def read(path):
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    width, height = meta["size"]
    return meta, [
        np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader
    ]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Of the reader.
@pytest.mark.parametrize(
    ("height", "width", "whole"), [(64, 48, (64, 48)), (31, 45, (32, 46))]
)
def test_browsers_can_play_it(tmp_path, height, width, whole):
    path = tmp_path / "a.mp4"
    with VideoWriter(path, 12.5) as video:
        for frame in frames(10, height, width):
            video.append(frame)
    meta, shown = read(path)
    assert meta["codec"] == "h264"
    assert meta["pix_fmt"].startswith("yuv420p")
    assert meta["fps"] == 12.5
    assert meta["duration"] == pytest.approx(0.8)
    assert len(shown) == 10
    for frame, original in zip(shown, frames(10, height, width), strict=True):
        assert frame.shape == (*whole, 3)
        np.testing.assert_allclose(frame, original.max(), atol=3)
    # What tells a player how to play comes before the pictures.
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("frame", "got"),
    [
        (None, "NoneType"),
        ([[0]], "list"),
        (np.zeros([4, 4, 3]), "float64 [4, 4, 3]"),
        (np.zeros([4, 4], np.uint8), "uint8 [4, 4]"),
        (np.zeros([4, 4, 4], np.uint8), "uint8 [4, 4, 4]"),
    ],
)
def test_what_is_no_frame(tmp_path, frame, got):
    video = VideoWriter(tmp_path / "a.mp4", 10)
    with pytest.raises(VideoError) as caught:
        video.append(frame)
    assert str(caught.value) == f"Expected frames uint8 [height, width, 3], got {got}."


def test_frames_of_several_sizes(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 10) as video:
        video.append(np.zeros([8, 8, 3], np.uint8))
        with pytest.raises(VideoError, match=r"got \[8, 6, 3\] after \[8, 8, 3\]"):
            video.append(np.zeros([8, 6, 3], np.uint8))


@pytest.mark.parametrize("count", [1, 2000])
def test_a_file_that_cannot_be_written(tmp_path, count):
    video = VideoWriter(tmp_path / "missing" / "a.mp4", 10)

    def write():
        for _ in range(count):
            video.append(np.zeros([64, 64, 3], np.uint8))
        video.close()

    with pytest.raises(
        VideoError, match=r"Can't write the video a\.mp4: .*No such file"
    ):
        write()
    video.close()


def test_a_full_disk(tmp_path):
    path = tmp_path / "a.mp4"
    path.symlink_to("/dev/full")
    video = VideoWriter(path, 10)
    video.append(np.zeros([64, 64, 3], np.uint8))
    with pytest.raises(VideoError, match="No space left on device"):
        video.close()


def test_an_error_ends_the_encoder(tmp_path):
    def fail():
        with VideoWriter(tmp_path / "a.mp4", 10) as video:
            video.append(np.zeros([64, 64, 3], np.uint8))
            pids.append(video._process.pid)
            raise KeyError("a")

    pids = []
    with pytest.raises(KeyError):
        fail()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_nothing_to_write(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 10):
        pass
    assert list(tmp_path.iterdir()) == []


def test_no_encoder(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", fail)
    with pytest.raises(VideoError, match=r"Can't encode videos: No ffmpeg exe could"):
        VideoWriter(tmp_path / "a.mp4", 10)
