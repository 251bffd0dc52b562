"""The shape of a card: one of 47 classes, so that the wall needs no style of its own."""

_STEP = 5
_NARROWEST, _WIDEST = 70, 300
#: The shape of a plate, and of a picture whose own shape has no class.
SQUARE, PORTRAIT = "r100", "r80"


def ratio_class(width: int, height: int) -> str:
    """Name the class of a picture: its width over its height in steps of .05.

    A picture outside 0.70 to 3.00 keeps its shape on a mat, uncropped; inside, rounding crops at
    most 3.6 % of one side.
    """
    percent = round(100 * width / height / _STEP) * _STEP
    if percent < _NARROWEST:
        return f"r{_NARROWEST} mat"
    if percent > _WIDEST:
        return f"r{_WIDEST} mat"
    return f"r{percent}"
