"""Streams without a header of their own: known by marks that return where they must."""

_SYNC = 0x47
#: Packets of ISO/IEC 13818-1, and the same with a time before each, as camcorders write them.
_PACKETS = ((0, 188), (4, 192))
_LEAST_PACKETS = 3
_LOOKED_AT_BYTES = 4096

# Frame headers of audio, as masks and what must stand under them: eleven or twelve bits of sync,
# then in AAC (ISO/IEC 13818-7, 6.2) layer 0.
_ADTS_MASK, _ADTS_MARK, _ADTS_BYTES = 0xFFF6, 0xFFF0, 7
_MPEG_MASK, _MPEG_MARK, _MPEG_BYTES = 0xFFE0, 0xFFE0, 4
# Bit rates in kbit/s of MPEG audio (ISO/IEC 11172-3, 2.4.2.3; 13818-3), by version and layer;
# 0 for those that say nothing of the length.
_RATES_1_2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0)
_RATES_1_3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
#: By the two bits of the version: 2.5, none, 2, 1.
_SAMPLES_A_SECOND = ((11_025, 12_000, 8000), (), (22_050, 24_000, 16_000), (44_100, 48_000, 32_000))
_LAYER_3, _LAYER_2 = 1, 2
_VERSION_1 = 3


def is_transport_stream(head: bytes) -> bool:
    """Whether an MPEG transport stream begins here: a sync byte at the start of every packet."""
    for start, step in _PACKETS:
        marks = head[start:_LOOKED_AT_BYTES:step]
        if len(marks) >= _LEAST_PACKETS and set(marks) == {_SYNC}:
            return True
    return False


def find_audio_stream(head: bytes) -> str | None:
    """Say whether MP3 (or MP2) or AAC frames begin here; the next frame must fit, if it is here."""
    for media_type, measure in (("audio/aac", _measure_adts), ("audio/mpeg", _measure_mpeg)):
        length = measure(head)
        following = head[length:]
        if length and (len(following) < _ADTS_BYTES or measure(following)):
            return media_type
    return None


def _measure_adts(head: bytes) -> int:
    """Say how many bytes an AAC frame has; 0 if none begins here."""
    first = int.from_bytes(head[:2], "big")
    if len(head) < _ADTS_BYTES or first & _ADTS_MASK != _ADTS_MARK:
        return 0
    length = int.from_bytes(head[3:6], "big") >> 5 & 0x1FFF
    return length if length > _ADTS_BYTES else 0


def _measure_mpeg(head: bytes) -> int:
    """Say how many bytes an MPEG audio frame has; 0 if none begins here."""
    first = int.from_bytes(head[:2], "big")
    version, layer = first >> 3 & 3, first >> 1 & 3
    # Layer I is left out: its mark is the byte order mark of UTF-16.
    is_known = layer in {_LAYER_2, _LAYER_3} and first & _MPEG_MASK == _MPEG_MARK
    if len(head) < _MPEG_BYTES or not is_known:
        return 0
    rates = (_RATES_1_2 if layer == _LAYER_2 else _RATES_1_3) if version == _VERSION_1 else _RATES_2
    rate, speed, padding = rates[head[2] >> 4], head[2] >> 2 & 3, head[2] >> 1 & 1
    speeds = _SAMPLES_A_SECOND[version]
    if not rate or speed >= len(speeds):
        return 0
    bits = 72_000 if layer == _LAYER_3 and version != _VERSION_1 else 144_000
    return bits * rate // speeds[speed] + padding
