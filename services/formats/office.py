"""The types of office files: documents that need a converter before anything can be shown of them."""

_OOXML = "application/vnd.openxmlformats-officedocument"
OFFICE_TYPES = frozenset(
    {
        f"{_OOXML}.wordprocessingml.document",
        f"{_OOXML}.spreadsheetml.sheet",
        f"{_OOXML}.presentationml.presentation",
        "application/vnd.oasis.opendocument",
        "application/x-ole-storage",
        "application/rtf",
    }
)
