"""What is inside a film or a sound: plain values that decide what is done with it."""

from dataclasses import dataclass

from services.formats.facts import Facts


@dataclass(frozen=True)
class Picture:
    """The moving picture of a film; sizes are upright, in square pixels.

    `rotation` is what a player must turn it by, in degrees. `duration_ms` 0 means that only the
    container knows. `has_notes`: the bit stream carries notes that are not the encoder's own.
    """

    index: int
    codec: str
    profile: str
    pix_fmt: str
    width: int
    height: int
    rotation: int
    duration_ms: int
    frame_rate: float
    is_hdr: bool
    is_interlaced: bool
    is_square: bool
    is_matrix_known: bool
    has_notes: bool


@dataclass(frozen=True)
class Sound:
    """The first sound of a film or the only one of a sound file; `bit_rate` 0 means unknown."""

    index: int
    codec: str
    duration_ms: int
    channels: int
    sample_rate: int
    sample_format: str
    bit_rate: int


@dataclass(frozen=True)
class Film:
    """A film or a sound: what is in it, how long it is, and what it says of itself.

    `containers` are the names of its container; `cover` is the stream of a still picture that
    comes along (attached_pic), which is never taken for the film.
    """

    containers: frozenset[str]
    duration_ms: int
    bit_rate: int
    picture: Picture | None
    sound: Sound | None
    cover: int | None
    title: str
    creator: str
    copyright: str
    description: str

    @property
    def facts(self) -> Facts:
        """What pages and letters need to know of it."""
        return Facts(
            width=self.picture.width if self.picture else 0,
            height=self.picture.height if self.picture else 0,
            duration_ms=self.duration_ms,
            has_picture=self.picture is not None or self.cover is not None,
            has_sound=self.sound is not None,
            title=self.title,
            creator=self.creator,
            copyright=self.copyright,
            description=self.description,
        )

    @property
    def shown_ms(self) -> int:
        """How long there is something to see: the sound may go on after the last picture."""
        return (self.picture.duration_ms if self.picture else 0) or self.duration_ms

    def lasts(self, made_ms: int) -> bool:
        """Whether something that was made of it is as long: within a second or two per cent."""
        lengths = {self.duration_ms}
        lengths |= {one.duration_ms for one in (self.picture, self.sound) if one}
        known = [length for length in lengths if length]
        return not known or any(abs(one - made_ms) <= max(1000, one // 50) for one in known)
