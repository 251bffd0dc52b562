"""Real files of every kind: clean ones, and ones full of what nobody outside should read.

Everything secret contains the word `hush`, so that one look into the bytes finds it.
"""

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pillow_heif
import pyvips
from PIL import Image

from services.bytesource import LocalFile
from services.metadata.splices import Splice, SplicedSource
from tests.photographs import photograph
from tests.services.metadata import hiding
from tests.tools import need_tool

pillow_heif.register_heif_opener()

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tif": "image/tiff",
    "gif": "image/gif",
    "avif": "image/avif",
    "heic": "image/heic",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
}
PICTURES = ("jpg", "png", "webp", "tif", "gif", "avif", "heic")
MOVING = ("mp4", "mov", "m4a", "mp3", "flac", "wav", "ogg")
KINDS = PICTURES + MOVING
#: Their index stands in front: what it grows or shrinks by moves all that follows.
FILMS = ("mp4", "mov")
SECRET = b"hush"
#: What ExifTool writes into pictures: a camera, a place, a person, a past, and an old preview.
TAGS = [
    *("-Make=hush-make", "-Model=hush-model", "-EXIF:Software=hush-software"),
    *("-SerialNumber=hush-serial", "-LensSerialNumber=hush-lens", "-OwnerName=hush-owner"),
    *("-DateTimeOriginal=2024:05:06 07:08:09", "-EXIF:UserComment=hush-comment"),
    *("-GPSLatitude=47.0707", "-GPSLatitudeRef=N", "-GPSLongitude=15.4395"),
    *("-GPSLongitudeRef=E", "-GPSAltitude=353", "-XMP-exif:GPSLatitude=47.0707"),
    *("-XMP-xmpMM:HistorySoftwareAgent=hush-history", "-XMP-xmpMM:DocumentID=hush-document"),
    "-XMP-mwg-rs:RegionInfo={RegionList=[{Area={X=0.5,Y=0.5},Name=hush-face,Type=Face}]}",
    *("-XMP-photoshop:City=hush-city", "-XMP-dc:Creator=hush-creator"),
    *("-IPTC:By-line=hush-iptc", "-IPTC:City=hush-iptc-city", "-Photoshop:URL=hush-photoshop"),
    *("-Comment=hush-comment", "-EXIF:ImageDescription=hush-description"),
]
#: What ffmpeg writes into films and sounds.
NOTES = {"title": "hush-title", "artist": "hush-artist", "comment": "hush-comment",
         "location": "+47.0707+015.4395/", "encoder": "hush-encoder"}  # fmt: skip

_NOT_OF_THE_FILE = ("ExifTool:", "System:", "File:", "Composite:", "ICC")


class Samples:
    """Makes each file once, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def clean(self, kind: str) -> Path:
        """Give a file as our own encoders write it."""
        return self._once(f"clean.{kind}", _WRITERS[kind])

    def rich(self, kind: str) -> Path:
        """Give a file with secrets in every place that its kind has."""
        return self._once(f"rich.{kind}", lambda path: self._write_rich(path, kind))

    def change(self, path: Path, splices: Iterable[Splice], name: str = "changed") -> Path:
        """Write a file with splices in it, in a folder of its own."""
        source = SplicedSource(LocalFile(path), tuple(splices))
        changed = self.folder / name / path.name
        changed.parent.mkdir(exist_ok=True)
        changed.write_bytes(source.read_at(0, source.size_bytes))
        source.close()
        return changed

    def named(self, name: str, write: Callable[[Path], None]) -> Path:
        """Give a file that a test writes itself."""
        return self._once(name, write)

    def _once(self, name: str, write: Callable[[Path], None]) -> Path:
        path = self.folder / name
        if not path.exists():
            new = self.folder / f"new-{name}"
            write(new)
            new.rename(path)
        return path

    def _write_rich(self, path: Path, kind: str) -> None:
        if kind in PICTURES:
            write_rich_picture(path, self.clean(kind), self.folder)
        else:
            write_rich_recording(path, self.clean(kind), self.clean("jpg"))
        path.write_bytes(_ADDITIONS.get(kind, bytes)(path.read_bytes()))


def media_type(path: Path) -> str:
    """Say of what type a sample is: here its name is right."""
    return MEDIA_TYPES[path.suffix[1:]]


def tag(path: Path, *arguments: str) -> None:
    """Let ExifTool write tags; what a kind has no place for is left out with a warning."""
    exiftool = need_tool("exiftool")
    command = [exiftool, "-m", "-q", "-q", "-overwrite_original", "-struct", *arguments, str(path)]
    subprocess.run(command, check=True, capture_output=True)


def read_tags(paths: Iterable[Path]) -> dict[Path, dict[str, str]]:
    """Let ExifTool say what it finds in files, as `group:name`; also in tracks, and unknown tags.

    What it says of the file itself, of profiles, and of what it computed is left out.
    """
    exiftool = need_tool("exiftool")
    command = [exiftool, "-j", "-G1", "-a", "-u", "-ee", "-api", "LargeFileSupport=1"]
    found = subprocess.run([*command, *map(str, paths)], capture_output=True, check=False).stdout
    return {
        Path(tags["SourceFile"]): {
            name: str(value)
            for name, value in tags.items()
            if ":" in name and not name.startswith(_NOT_OF_THE_FILE)
        }
        for tags in json.loads(found)
    }


def run_ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def write_rich_picture(path: Path, clean: Path, folder: Path) -> None:
    path.write_bytes(clean.read_bytes())
    (folder / "srgb.icc").write_bytes(pyvips.Image.profile_load("srgb"))
    comment = b"\xff\xfe\x00\x10hush-thumbnail"
    thumbnail = photograph(64, 48, seed=9).jpegsave_buffer(keep="none")
    (folder / "thumbnail.jpg").write_bytes(thumbnail[:2] + comment + thumbnail[2:])
    has_profile = path.suffix not in {".gif", ".heic", ".avif"}
    extra = [f"-ICC_Profile<={folder}/srgb.icc"] if has_profile else []
    if path.suffix in {".jpg", ".webp", ".png"}:
        extra += [f"-ThumbnailImage<={folder}/thumbnail.jpg", "-EXIF:Orientation#=6"]
    tag(path, *TAGS, *extra)


def write_rich_recording(path: Path, clean: Path, cover: Path) -> None:
    """Add notes, chapters, a cover, and to films a track of positions and a time code."""
    notes = path.with_suffix(".txt")
    chapter = "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=hush-chapter\n"
    lines = "".join(f"{name}={text}\n" for name, text in NOTES.items())
    notes.write_text(f";FFMETADATA1\n{lines}{chapter}")
    inputs: list[str | Path] = ["-i", clean, "-f", "ffmetadata", "-i", notes]
    options: list[str] = ["-map", "0", "-map_metadata", "1", "-map_chapters", "1", "-c", "copy"]
    if path.suffix in {".m4a", ".mp3", ".flac"}:
        inputs += ["-i", cover]
        options += ["-map", "2:v", "-disposition:v:0", "attached_pic", "-c:v", "copy"]
    if path.suffix in {".mp4", ".mov"}:
        words = path.with_suffix(".srt")
        words.write_text("".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nhush-position {n}\n\n"
                                 for n in range(3)))  # fmt: skip
        inputs += ["-i", words]
        options += ["-map", "2", "-c:s", "mov_text", "-timecode", "07:08:09:00"]
        options += ["-metadata:s", "handler_name=hush-handler"]
    run_ffmpeg(*inputs, *options, path)


_ADDITIONS: dict[str, Callable[[bytes], bytes]] = {
    "jpg": hiding.insert_segments,
    "png": hiding.insert_chunks,
    "webp": hiding.insert_riff,
    "wav": hiding.insert_riff,
    "gif": hiding.insert_extensions,
    "mp4": hiding.insert_boxes,
    "mov": hiding.insert_boxes,
    "mp3": hiding.add_id3v1,
    "tif": lambda content: content + b"hush-slack",
}


def _write_film(path: Path) -> None:
    sources = ["-f", "lavfi", "-i", "testsrc2=d=3:s=160x120:r=10", "-f", "lavfi", "-i", "sine=d=3"]
    run_ffmpeg(*sources, "-pix_fmt", "yuv420p", "-movflags", "+faststart", path)


def _write_sound(path: Path, *options: str) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", *options, path)


def _write_heic(path: Path) -> None:
    picture = Image.fromarray(photograph().numpy())
    made = pillow_heif.from_pillow(picture)
    made.info["thumbnails"] = [64]
    made.save(path, quality=60)


_WRITERS: dict[str, Callable[[Path], None]] = {
    "jpg": lambda path: photograph().jpegsave(str(path), interlace=True, keep="none"),
    "png": lambda path: photograph().pngsave(str(path), keep="none"),
    "webp": lambda path: photograph().webpsave(str(path), keep="none"),
    "tif": lambda path: photograph().tiffsave(str(path), compression="lzw", keep="none"),
    "gif": lambda path: photograph().gifsave(str(path)),
    "avif": lambda path: photograph().heifsave(str(path), compression="av1", effort=0, keep="none"),
    "heic": _write_heic,
    "mp4": _write_film,
    "mov": _write_film,
    "m4a": _write_sound,
    "mp3": _write_sound,
    "flac": _write_sound,
    "wav": _write_sound,
    "ogg": lambda path: _write_sound(path, "-c:a", "libopus"),
}


def see(path: Path) -> list[bytes]:
    """Decode a file: the bytes of all its pictures and samples, and the profile of a picture."""
    if path.suffix[1:] in MOVING:
        return _play(path)
    if path.suffix == ".heic":
        heif = pillow_heif.open_heif(path)
        return [np.asarray(heif.to_pillow()).tobytes(), str(heif.mode).encode()]
    pages = "" if path.suffix not in {".gif", ".webp", ".tif"} else "[n=-1]"
    image = pyvips.Image.new_from_file(f"{path}{pages}")
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else b""
    return [image.write_to_memory(), f"{image.width} {image.height}".encode(), profile]


def _play(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        streams = [one for one in container.streams if one.type in {"video", "audio"}]
        playable = [
            one for one in streams if not one.disposition & av.stream.Disposition.attached_pic
        ]
        frames = [(frame.pts, frame.to_ndarray().tobytes()) for frame in container.decode(playable)]
    return [f"{pts}".encode() + content for pts, content in frames]


def add_alpha(picture: pyvips.Image) -> pyvips.Image:
    """Give a picture a transparency that fades."""
    fade = pyvips.Image.xyz(picture.width, picture.height)[0].cast("uchar")
    return picture.bandjoin(fade).copy(interpretation="srgb")
