"""What is kept. Every table is imported here, so that the metadata is whole for migrations."""

from models.base import Base
from models.brand import Brand
from models.bundle import Bundle, Selection
from models.download_progress import DownloadProgress
from models.format import Format, ShareFormat
from models.format_request import FormatRequest
from models.grant import Grant
from models.history import HistoryEvent, HistoryPerson
from models.history_seal import HistorySeal
from models.invitation import Invitation
from models.outbox import Outbox
from models.password import Password
from models.password_attempt import PasswordAttempt
from models.purge_item import PurgeItem
from models.rendition import Inspection, Rendition, RenditionRef
from models.seen_original import SeenOriginal
from models.share import Share
from models.share_run import ShareRun
from models.shared_asset import SharedAsset
from models.signing_key import SigningKey
from models.terms_version import TermsVersion

__all__ = [
    "Base",
    "Brand",
    "Bundle",
    "DownloadProgress",
    "Format",
    "FormatRequest",
    "Grant",
    "HistoryEvent",
    "HistoryPerson",
    "HistorySeal",
    "Inspection",
    "Invitation",
    "Outbox",
    "Password",
    "PasswordAttempt",
    "PurgeItem",
    "Rendition",
    "RenditionRef",
    "SeenOriginal",
    "Selection",
    "Share",
    "ShareFormat",
    "ShareRun",
    "SharedAsset",
    "SigningKey",
    "TermsVersion",
]
