"""Make the sample library from freely licensed photographs: `python make_sample.py SOURCES`.

The result is kept beside this file, so nobody needs to run it; LICENCES.md says who made what. It
wants pyvips from the project's environment, and `ffmpeg` and `chromium` on PATH.
"""

import math
import struct
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import pyvips

HERE = Path(__file__).parent
LIBRARY = HERE / "halden"
FRAMES = 24

# name in the library: source, crop (left, top, width, height as fractions), longer side in pixels
PICTURES = {
    "Campaign/Autumn/Autumn ridge.jpg": ("aitzgorri", (0, 0, 1, 1), 3000),
    "Campaign/Autumn/Autumn ridge, panorama.jpg": ("aitzgorri", (0, 0.1, 1, 0.42), 3000),
    "Campaign/Autumn/Larch slope.jpg": ("aitzgorri", (0.02, 0.3, 0.55, 0.45), 1600),
    "Campaign/Autumn/Forest stream.jpg": ("life", (0, 0, 1, 1), 2800),
    "Campaign/Autumn/Forest stream, upright.jpg": ("life", (0.28, 0, 0.42, 1), 2000),
    "Campaign/Autumn/Stream, detail.jpg": ("life", (0.3, 0.45, 0.45, 0.5), 1400),
    "Campaign/Autumn/Dragonfly.jpg": ("Dragonfly", (0.15, 0.1, 0.7, 0.8), 2600),
    "Campaign/Autumn/Dragonfly, close.jpg": ("Dragonfly", (0.42, 0.25, 0.36, 0.48), 1500),
    "Campaign/Winter/Col in May.jpg": ("picosdeeuropa", (0, 0, 1, 1), 3000),
    "Campaign/Winter/Snowfields.jpg": ("picosdeeuropa", (0.3, 0.12, 0.7, 0.6), 2200),
    "Campaign/Winter/The path up.jpg": ("picosdeeuropa", (0.05, 0.25, 0.45, 0.75), 2000),
    "Campaign/Winter/Nuthatch.jpg": ("Kleiber", (0, 0, 1, 1), 3000),
    "Campaign/Winter/Nuthatch, upright.jpg": ("Kleiber", (0.25, 0.05, 0.42, 0.95), 2000),
    "Campaign/Winter/Bark.jpg": ("Kleiber", (0.1, 0.3, 0.28, 0.5), 1400),
    "Campaign/Winter/朝の光.jpg": ("sunset", (0, 0, 1, 1), 2800),
    "Campaign/Winter/Sunrise, panorama.jpg": ("sunset", (0, 0.2, 1, 0.45), 2800),
    "Campaign/Summer/Dandelion.jpg": ("seeding", (0, 0, 1, 1), 3000),
    "Campaign/Summer/Dandelion, square.jpg": ("seeding", (0.08, 0.02, 0.5, 0.89), 2000),
    "Campaign/Summer/Evening meadow.jpg": ("seeding", (0.45, 0.1, 0.55, 0.8), 1800),
    "Campaign/Summer/Bay from the bridge.jpg": ("Bridge", (0, 0, 1, 1), 2800),
    "Campaign/Summer/Bridge, upright.jpg": ("Bridge", (0.42, 0, 0.38, 1), 1800),
    "Campaign/Summer/Sea and sky.jpg": ("Bridge", (0, 0.55, 0.75, 0.45), 2000),
    "House/Fig in a red bowl.jpg": ("Picture_0B", (0, 0, 1, 1), 2500),
    "House/Fig, square.jpg": ("Picture_0B", (0.36, 0.22, 0.44, 0.66), 1100),
    "House/Brushes.jpg": ("Picture_1A", (0, 0, 1, 1), 1300),
    "House/Dining room at Hällevik.jpg": ("Wine", (0, 0, 1, 1), 2400),
    "House/Bottle and glass.jpg": ("Wine", (0.2, 0, 0.7, 0.45), 1500),
    "House/The neighbours' dogs.jpg": ("friends", (0, 0, 1, 1), 2400),
    "House/Station clock.jpg": ("greentock", (0, 0, 1, 1), 2400),
    "House/Lamp and bird.jpg": ("free", (0, 0, 1, 1), 2400),
    "House/Glass wall.jpg": ("analogpattern", (0, 0, 0.7, 0.7), 1400),
}
ARTISTS = {
    "aitzgorri": "Aitzol Berasategi",
    "life": "Aitzol Berasategi",
    "friends": "Aitzol Berasategi",
    "picosdeeuropa": "Aitzol Berasategi",
    "sunset": "Aitzol Berasategi",
    "Dragonfly": "Bolly",
    "Kleiber": "Lukas Baubkus",
    "seeding": "Clemens Engelhardt",
    "Bridge": "Sander Klootwijk",
    "Picture_0B": "Trevor Freespace",
    "Picture_1A": "Trevor Freespace",
    "Wine": "Jakub Mede",
    "greentock": "Peter Nerlich",
    "free": "Peter Nerlich",
    "analogpattern": "Peter Nerlich",
}


def make_pictures(sources: Path) -> None:
    """Crop and reduce each photograph, with its maker's name in it and nothing else."""
    for name, (source, (left, top, width, height), longest) in PICTURES.items():
        whole = pyvips.Image.new_from_file(str(next(sources.rglob(f"{source}_by_*")))).autorot()
        area = [round(whole.width * left), round(whole.height * top)]
        area += [round(whole.width * width) - 2, round(whole.height * height) - 2]
        picture = whole.crop(*area)
        picture = picture.thumbnail_image(longest, height=longest, size="down").copy()
        for field in picture.get_fields():
            if field.startswith(("exif", "xmp", "iptc", "photoshop", "jpeg-thumb")):
                picture.remove(field)
        artist = ARTISTS[source]
        picture.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", artist)
        picture.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Copyright", f"(c) {artist}")
        target = LIBRARY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.jpegsave(str(target), Q=78, optimize_coding=True, interlace=True, keep="exif|icc")


def make_carafe() -> None:
    """Draw a glazed carafe on a turntable: a surface of revolution with a brushed pattern."""
    folder = LIBRARY / "Products" / "Carafe 360"
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(FRAMES):
        picture = draw_carafe(2 * math.pi * frame / FRAMES)
        picture.jpegsave(str(folder / f"carafe_{frame + 1:03d}.jpg"), Q=84, keep="none")


def draw_carafe(turn: float, size: int = 900) -> pyvips.Image:
    """Draw one frame by shading each pixel: profile, normal, light from the upper left."""
    double = size * 2
    xyz = pyvips.Image.xyz(double, double)
    x = (xyz[0] - double / 2) / (double / 2)
    y = (xyz[1] - double / 2) / (double / 2)
    v = (y + 0.68) / 1.36  # 0 at the lip, 1 at the foot
    inside_height = (v > 0) & (v < 1)
    belly = ((v - 0.66) * 3.1) ** 2 * -1
    neck = ((v - 0.0) * 7.0) ** 2 * -1
    radius = (belly.exp()) * 0.30 + (neck.exp()) * 0.06 + 0.13
    slope = (belly.exp()) * (v - 0.66) * (-2 * 3.1**2) * 0.30 + (neck.exp()) * v * (-98) * 0.06
    slope = slope / 1.36
    inside = inside_height & (x.abs() < radius)
    across = x / radius
    depth = ((across * across * -1 + 1).abs()) ** 0.5
    length = (slope * slope + 1) ** 0.5
    nx, ny, nz = across / length, slope * -1 / length, depth / length
    light = nx * -0.55 + ny * -0.45 + nz * 0.70
    diffuse = (light > 0).ifthenelse(light, 0)
    half = nx * -0.32 + ny * -0.30 + nz * 0.90
    shine = ((half > 0).ifthenelse(half, 0)) ** 60 * 70 + ((half > 0).ifthenelse(half, 0)) ** 9 * 16
    around = across.asin() * (math.pi / 180) + turn
    wave_line = (around * (3 * 180 / math.pi)).sin() * 0.035
    band = ((v - 0.62 - wave_line).abs() < 0.045) | ((v - 0.74 - wave_line * 0.6).abs() < 0.012)
    leaf = ((around * (5 * 180 / math.pi)).sin() + (v - 0.40).abs() * -9) > 0.35
    glaze = band | leaf
    shade = diffuse * 0.72 + 0.26
    colours = []
    for clay, blue, ground in ((233, 30, 241), (226, 62, 240), (212, 92, 237)):
        body = glaze.ifthenelse(blue, clay) * shade + shine
        shadow_x, shadow_y = (x + -0.10) / 0.50, (y - 0.66) / 0.075
        shadow = ((shadow_x * shadow_x + shadow_y * shadow_y) * -1.1).exp() * 0.42
        floor = (y * -5 + 1.2).exp() / 400 * 0 + (shadow * -1 + 1) * (ground - (y + 1) * 6)
        colours.append(inside.ifthenelse(body, floor))
    picture = colours[0].bandjoin(colours[1:]).cast("uchar").copy(interpretation="srgb")
    return picture.resize(0.5)


def make_film(sources: list[Path], target: Path) -> None:
    """Pan over a few photographs and fade between them: 16 seconds, with the sound under it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    inputs: list[str] = []
    steps, labels = [], []
    for number, source in enumerate(sources):
        inputs += ["-loop", "1", "-t", "5", "-i", str(source)]
        zoom = f"zoompan=z='1+0.0006*on':x='iw*0.02*{number % 2}+on':y='ih*0.1':d=125:s=1280x720:fps=25"
        steps.append(
            f"[{number}:v]scale=2560:1440:force_original_aspect_ratio=increase,crop=2560:1440,"
            f"trim=end_frame=1,{zoom},setsar=1[v{number}]"
        )
        labels.append(f"[v{number}]")
    previous = labels[0]
    for number in range(1, len(sources)):
        steps.append(f"{previous}{labels[number]}xfade=duration=1:offset={4 * number}[f{number}]")
        previous = f"[f{number}]"
    sound = LIBRARY / "Film and sound" / "Morning at the house.m4a"
    run(
        "ffmpeg",
        "-y",
        *inputs,
        "-i",
        str(sound),
        "-filter_complex",
        ";".join(steps),
        "-map",
        previous,
        "-map",
        f"{len(sources)}:a",
        "-shortest",
        "-c:v",
        "libx264",
        "-crf",
        "25",
        "-preset",
        "slow",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        "-movflags",
        "+faststart",
        "-map_metadata",
        "-1",
        str(target),
    )


def make_sound(target: Path) -> None:
    """Play a slow figure on something like a marimba: 24 seconds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    rate, seconds = 44100, 24
    notes = [
        (0.75 * n, 220 * 2 ** (step / 12))
        for n, step in enumerate(
            [
                0,
                7,
                12,
                16,
                7,
                12,
                19,
                16,
                -5,
                2,
                11,
                14,
                2,
                7,
                14,
                11,
                -3,
                4,
                9,
                12,
                4,
                9,
                16,
                12,
                0,
                7,
                12,
                16,
            ]
        )
    ]
    samples = [0.0] * (rate * seconds)
    for start, pitch in notes:
        begin = int(start * rate)
        for n in range(min(rate * 3, len(samples) - begin)):
            t = n / rate
            tone = math.sin(2 * math.pi * pitch * t) * math.exp(-2.2 * t)
            tone += 0.25 * math.sin(2 * math.pi * pitch * 3.93 * t) * math.exp(-9 * t)
            samples[begin + n] += 0.22 * tone * min(1, t * 400)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as sound:
            sound.setparams((1, 2, rate, 0, "NONE", ""))
            fade = [min(1.0, (seconds - n / rate) / 2) for n in range(len(samples))]
            values = (
                int(32000 * max(-1, min(1, s * f))) for s, f in zip(samples, fade, strict=True)
            )
            sound.writeframes(b"".join(struct.pack("<h", value) for value in values))
        run(
            "ffmpeg",
            "-y",
            "-i",
            file.name,
            "-c:a",
            "aac",
            "-b:a",
            "112k",
            "-map_metadata",
            "-1",
            str(target),
        )


def make_release(target: Path) -> None:
    """Set the press release with a browser's print engine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run(
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        (HERE / "press_release.html").as_uri(),
    )


def run(*command: str) -> None:
    """Run a tool, or stop."""
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    make_pictures(Path(sys.argv[1]))
    make_carafe()
    make_sound(LIBRARY / "Film and sound" / "Morning at the house.m4a")
    make_film(
        [
            LIBRARY / "Campaign" / one
            for one in (
                "Autumn/Autumn ridge.jpg",
                "Winter/Col in May.jpg",
                "Summer/Dandelion.jpg",
                "Winter/朝の光.jpg",
            )
        ],
        LIBRARY / "Film and sound" / "Four seasons.mp4",
    )
    make_release(LIBRARY / "Press kit" / "Press release, spring 2027.pdf")
