"""Whether a file of bare sound frames holds anything else: tags hide between and behind them.

MP3 and ADTS files have no container that says where a frame ends. What stands behind the last one
(APEv2, Lyrics3) or between two (ID3) is copied along with the frames when streams are copied.
"""

from services.rendering.film import Film
from services.rendering.film_probe import open_container
from services.rendering.original import OpenOriginal

_HEADER_BYTES = 7
# ISO/IEC 11172-3 and 13818-3: kbit/s of layer III by version, and Hz by version.
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = {3: (44100, 48000, 32000, 0), 2: (22050, 24000, 16000, 0), 0: (11025, 12000, 8000, 0)}
_VERSION_1, _LAYER_3 = 3, 1


def has_only_frames(original: OpenOriginal, film: Film) -> bool:
    """Whether every packet of a sound file is exactly one frame.

    True of all other containers too: they say how long each packet is.

    Raises:
        RenderFailed: see `open_container`.
    """
    measure = next((_MEASURES[name] for name in film.containers if name in _MEASURES), None)
    if measure is None:
        return True
    with open_container(original.path) as container:
        packets = (bytes(one) for one in container.demux(audio=0) if one.size)
        return all(len(one) > _HEADER_BYTES and len(one) == measure(one) for one in packets)


def measure_mp3(frame: bytes) -> int:
    """Say how many bytes an MP3 frame must have by its header; 0 if it is none."""
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    is_frame = frame[0] == 0xFF and frame[1] >= 0xE0 and layer == _LAYER_3  # noqa: PLR2004
    rate = _RATES.get(version, (0, 0, 0, 0))[frame[2] >> 2 & 3]
    if not is_frame or not rate:
        return 0
    bits = _KBITS[version == _VERSION_1][frame[2] >> 4] * 1000
    per_frame = 144 if version == _VERSION_1 else 72
    return per_frame * bits // rate + (frame[2] >> 1 & 1)


def measure_adts(frame: bytes) -> int:
    """Say how many bytes an ADTS frame (ISO/IEC 13818-7) must have by its header; 0 if it is none."""
    if frame[0] != 0xFF or frame[1] < 0xF0:  # noqa: PLR2004
        return 0
    return (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5


_MEASURES = {"mp3": measure_mp3, "aac": measure_adts}
