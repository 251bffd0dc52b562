"""What can be refused or go wrong: each error is its fact, and knows the HTTP status that says it."""

from datetime import datetime


class VitrineError(Exception):
    """Something was refused or went wrong; the message names the thing and the remedy."""

    status = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class RequestRefused(VitrineError):
    """The request cannot be carried out as it stands."""

    status = 422


class UnknownOwner(RequestRefused):
    """No user of that id exists in the DAM."""


class UnknownAsset(RequestRefused):
    """No asset of that id exists in the DAM."""


class UnknownFolder(RequestRefused):
    """No folder of that name exists in the DAM."""


class NotAllowedToShare(RequestRefused):
    """The owner may not share some of these assets."""


class RightsClosed(RequestRefused):
    """The rights to some of these assets do not hold today."""


class UnusableOriginal(RequestRefused):
    """A picked asset's file cannot be read."""


class SelectionInvalid(RequestRefused):
    """A share is made of 1 to 100 picked assets, or of exactly one folder of 1 to 10,000."""


class ExpiryInvalid(RequestRefused):
    """The date of expiry cannot be used."""


class UnknownShare(RequestRefused):
    """The owner has no such share to make another one like it."""


class UnknownContext(RequestRefused):
    """The DAM defines no context of that name."""


class UnknownRecipients(RequestRefused):
    """No such contact list or invitation exists."""


class UnknownPerson(RequestRefused):
    """Nothing is kept of a person with this address."""


class UnknownFormat(RequestRefused):
    """No format of that name exists in the catalogue."""


class UnknownPassword(RequestRefused):
    """The desk keeps no password under this id."""


class UnknownTerms(RequestRefused):
    """No such terms are kept."""


class TermsUnusable(RequestRefused):
    """These cannot be terms."""


class PasswordUnusable(RequestRefused):
    """This cannot be a password."""


class ChangeRefused(RequestRefused):
    """The share cannot be changed like this."""


class AdditionRefused(ChangeRefused):
    """Nothing can be added to a share."""


class LogoUnusable(RequestRefused):
    """This cannot be a logo."""


class SettingUnusable(RequestRefused):
    """This cannot be set."""


class ShareOver(RequestRefused):
    """The share that this request made was closed for good."""

    status = 409


class TooLittleSpace(RequestRefused):
    """The store has too little room for this share."""

    status = 507


class RequestKeyTaken(RequestRefused):
    """This request key was used for another request."""

    status = 409


class LeaseLost(VitrineError):
    """Another run took over the publication of this share; this one stops."""


class RenditionsMissing(VitrineError):
    """Some renditions failed, and the request asks to keep the share closed then."""


class LibraryInvalid(VitrineError):
    """The library's description (library.yaml) has a mistake."""


class SettingMissing(VitrineError):
    """A setting without which this part cannot run is missing."""


class Passing(VitrineError):
    """Something is away, or full, for the moment: the same work succeeds once it is back."""

    status = 503


class DatabaseAway(Passing):
    """The database does not answer."""


class StoreAway(Passing):
    """The store cannot be reached: is its disk mounted, and is it the one that was used before?"""


class StoreFull(Passing):
    """There is no room left on the disk: free some, and the work goes on by itself."""


class OriginalAway(Passing):
    """The originals cannot be read at the moment."""


class ClockOff(VitrineError):
    """The clock of this machine is not that of the database."""

    status = 503


class ShareNotFound(VitrineError):
    """There is no page at this address."""

    status = 404


class PageLost(VitrineError):
    """A page that was built is no longer in the store: a failure of ours."""


class ShareEmpty(ShareNotFound):
    """Everything was taken out of this share."""


class LinkUnknown(ShareNotFound):
    """There is no page at this address."""


class TooManyUnknownLinks(VitrineError):
    """One network asked for too many addresses that do not exist."""

    status = 429


class ShareClosed(VitrineError):
    """This share has expired."""

    status = 410

    def __init__(self, *, owner: str, address: str, closed_on: str) -> None:
        super().__init__()
        self.owner = owner
        self.address = address
        self.closed_on = closed_on


class PasswordNeeded(VitrineError):
    """This share asks for a password."""

    status = 401


class PasswordWrong(PasswordNeeded):
    """This is not the password."""


class TooManyGuesses(PasswordNeeded):
    """Too many wrong passwords were tried."""

    status = 429

    def __init__(self, *, until: datetime | None, is_for_strangers: bool = False) -> None:
        super().__init__()
        self.until = until
        self.is_for_strangers = is_for_strangers


class TermsNeeded(VitrineError):
    """This share asks for its terms to be accepted."""

    status = 403


class ForeignForm(VitrineError):
    """This form was not sent by our own page."""

    status = 403


class FormatNotOffered(VitrineError):
    """This format is not offered."""

    status = 404


class FormatImpossible(RequestRefused):
    """This format cannot be made here."""


class TooManyFormats(RequestRefused):
    """As many formats as may be are offered or wait."""

    status = 429


class FormatFailed(VitrineError):
    """The format could not be made."""


class DownloadOff(VitrineError):
    """The owner of this share does not offer downloads."""

    status = 403


class OriginalChanged(VitrineError):
    """The original is no longer the file that was shared."""

    status = 409


class MemberChanged(OriginalChanged):
    """A file inside a bundle is not the one that was planned; `name` is its path there."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class BundlePreparing(VitrineError):
    """Something in this zip has changed: the zip is being planned anew."""

    status = 503


class SelectionEmpty(VitrineError):
    """Nothing that can be downloaded was picked."""

    status = 400


class HistoryMisplaced(VitrineError):
    """Nothing can be sealed: this cluster counts its transactions from below those of the history."""

    def __init__(self) -> None:
        text = "See docs/operations.md, Back up: it was restored from a dump"
        super().__init__(f"{type(self).__doc__} {text}")
