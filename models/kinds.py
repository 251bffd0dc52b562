"""The enumerations that are stored: renaming a value needs a migration."""

from enum import StrEnum


class AssetKind(StrEnum):
    """What an asset is, decided by its content."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    SPIN = "spin"
    PLAYLIST = "playlist"
    OTHER = "other"


#: Their originals are several files, which are taken together and called as they are.
WITH_PARTS = frozenset({AssetKind.SPIN, AssetKind.PLAYLIST})


class ShareState(StrEnum):
    """Where a share stands in its life; the gate decides by the clock, not by `EXPIRED`."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"
    PURGING = "purging"
    PURGED = "purged"


class Visibility(StrEnum):
    """How much of what the DAM knows of an asset a recipient may know."""

    MINIMUM = "minimum"
    COMPLETE = "complete"


class RenditionState(StrEnum):
    """Whether the object under a rendition's key exists, is being made, or never will be."""

    MAKING = "making"
    PRESENT = "present"
    FAILED = "failed"


class PurgeKind(StrEnum):
    """What kind of thing has to go when a share is purged."""

    RUN = "run"
    LETTER = "letter"
    FOLDER = "folder"
    ROWS = "rows"


class RequestState(StrEnum):
    """How far somebody's wish for a format has come."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LetterState(StrEnum):
    """How far a letter has come."""

    QUEUED = "queued"
    SENT = "sent"


class Actor(StrEnum):
    """Who made an event happen."""

    OWNER = "owner"
    RECIPIENT = "recipient"
    SYSTEM = "system"


class VisitorClass(StrEnum):
    """Who probably looks: machines open links too, before and instead of people."""

    HUMAN = "human"
    SCANNER = "scanner"
    PREFETCH = "prefetch"


class EventKind(StrEnum):
    """Everything that can happen to a share, as `noun:past`; docs/history.md explains each."""

    REQUEST_REFUSED = "request:refused"
    INVITATION_RECEIVED = "invitation:received"
    SHARE_REQUESTED = "share:requested"
    SHARE_FROZEN = "share:frozen"
    ASSET_LEFT_OUT = "asset:left_out"
    RENDITION_FAILED = "rendition:failed"
    SHARE_RENDERED = "share:rendered"
    BUNDLE_PLANNED = "bundle:planned"
    BUNDLE_STALE = "bundle:stale"
    SELECTION_PLANNED = "selection:planned"
    PAGE_BUILT = "page:built"
    SHARE_PUBLISHED = "share:published"
    PUBLICATION_FAILED = "publication:failed"
    PUBLICATION_RESUMED = "publication:resumed"
    LETTER_QUEUED = "letter:queued"
    LETTER_SENT = "letter:sent"
    SHARE_CHANGED = "share:changed"
    SHARE_EXPIRED = "share:expired"
    SHARE_REOPENED = "share:reopened"
    SHARE_REVOKED = "share:revoked"
    LINK_REVOKED = "link:revoked"
    ASSET_WITHDRAWN = "asset:withdrawn"
    FORMAT_REQUESTED = "format:requested"
    FORMAT_MADE = "format:made"
    FORMAT_FAILED = "format:failed"
    FORMAT_CANCELLED = "format:cancelled"
    PASSWORD_ACCEPTED = "password:accepted"  # noqa: S105 - a kind of event
    PASSWORD_REFUSED = "password:refused"  # noqa: S105
    PASSWORD_CLOSED = "password:closed"  # noqa: S105
    TERMS_ACCEPTED = "terms:accepted"
    PURGE_STARTED = "purge:started"
    SHARE_PURGED = "share:purged"
    GARBAGE_COLLECTED = "garbage:collected"
    STORE_MENDED = "store:mended"
    SETTINGS_CHANGED = "settings:changed"
    LINK_SHOWN = "link:shown"
    PAGE_VIEWED = "page:viewed"
    DOWNLOAD_STARTED = "download:started"
    DOWNLOAD_FINISHED = "download:finished"
    DOWNLOAD_ABORTED = "download:aborted"
    HISTORY_EXPORTED = "history:exported"
    PERSON_ERASED = "person:erased"
