"""Films and sounds made for tests: small, a few seconds long, of colours that can be asked for."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import av
import imageio_ffmpeg
import psutil

from services.rendering.orders import RenderOrder, WantedOutput

#: The left half is red and the right half blue, so that every turn shows.
HALVES = "color=red:size={size}:rate={rate}:duration={seconds},drawbox=x=iw/2:w=iw/2:h=ih:color=blue:t=fill"
TONE = "sine=frequency=440:duration={seconds}"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def run_ffmpeg(*arguments: object) -> None:
    """Run the ffmpeg of the wheel without any of our guards."""
    quiet = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *quiet, *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def write_film(
    path: Path, *options, size="320x180", seconds=3, rate=25, codec=H264, source=HALVES, tone=TONE
) -> Path:
    """Write a film of red and blue with a tone of 440 Hz in AAC, or without one."""
    values = {"size": size, "rate": rate, "seconds": seconds}
    picture = ("-f", "lavfi", "-i", source.format(**values))
    sound = ("-f", "lavfi", "-i", tone.format(**values), "-c:a", "aac") if tone else ()
    run_ffmpeg(*picture, *sound, *codec, *options, path)
    return path


def write_sound(path: Path, *options, seconds=3) -> Path:
    """Write a tone of 440 Hz."""
    run_ffmpeg("-f", "lavfi", "-i", TONE.format(seconds=seconds), *options, path)
    return path


def order(path: Path, folder: Path, recipes: dict, media_type: str) -> RenderOrder:
    """Order outputs under the names of `recipes`, written to `folder`."""
    status = path.stat()
    folder.mkdir(parents=True, exist_ok=True)
    outputs = tuple(
        WantedOutput(name, recipe, str(folder / name)) for name, recipe in recipes.items()
    )
    return RenderOrder(
        path.name, str(path), status.st_size, status.st_mtime_ns, media_type, outputs
    )


def read_packets(path: object, kind: str) -> list[bytes]:
    """Read the packets of the first stream of a kind, as they are."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def look_into(path: object) -> dict:
    """Say what a film or sound is, read without our own code."""
    with av.open(str(path)) as container:
        found = {"seconds": container.duration / 1_000_000, "tags": dict(container.metadata)}
        for stream in container.streams.audio:
            found |= {"sound": stream.codec.canonical_name, "channels": stream.channels}
        for stream in container.streams.video:
            frame = next(container.decode(stream))
            found |= {
                "picture": stream.codec.canonical_name,
                "size": (frame.width, frame.height),
                "rotation": frame.rotation,
                "format": frame.format.name,
                "transfer": frame.color_trc,
                "pixels": frame.to_ndarray(format="rgb24"),
            }
        found["kinds"] = sorted(stream.type for stream in container.streams)
    return found


def find_ffmpeg() -> list[psutil.Process]:
    """Find every ffmpeg that this process or a child of it has started."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [one] if "ffmpeg" in one.name() else []
    return found


@contextmanager
def watched_memory() -> Iterator[SimpleNamespace]:
    """Find out how much memory the largest ffmpeg takes meanwhile: `megabytes`."""
    seen, is_over = SimpleNamespace(megabytes=0), threading.Event()

    def watch():
        while not is_over.wait(0.02):
            for one in find_ffmpeg():
                with suppress(psutil.NoSuchProcess):
                    seen.megabytes = max(seen.megabytes, one.memory_info().rss >> 20)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
