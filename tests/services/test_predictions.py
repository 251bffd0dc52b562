"""What is foretold of many assets at once."""

from collections import Counter

import pytest
from sqlalchemy import select

from models import SharedAsset
from models.kinds import AssetKind
from services.formats.alike import count_alike
from services.formats.prediction import Predictable
from tests.publishing import publish

FACTS = (
    {"width": 600, "height": 400, "copyright": "Anna"},
    {"width": 600, "height": 400, "has_picture": False, "copyright": "Jide"},
    {"width": 64, "height": 400},
    {"duration_ms": 900, "has_sound": True, "has_picture": True},
    {},
    {},
)
KINDS = (AssetKind.IMAGE, AssetKind.IMAGE, AssetKind.IMAGE, AssetKind.VIDEO, AssetKind.AUDIO)


@pytest.fixture
def mixed(installation):
    """A share whose assets are of several kinds and sizes, some of them alike."""
    share_id = publish(installation)
    with installation.transaction() as session:
        assets = session.scalars(select(SharedAsset).order_by(SharedAsset.position)).all()
        for asset, kind, facts in zip(assets, (*KINDS, AssetKind.DOCUMENT), FACTS, strict=True):
            asset.kind, asset.facts = kind, facts
    return share_id


@pytest.mark.parametrize(
    ("position", "withdrawn"), [(0, ()), (0, (1, 4)), (3, ()), (3, (1,)), (0, range(1, 7))]
)
def test_assets_that_are_counted_together_are_those_of_which_the_same_is_foretold(
    installation, mixed, position, withdrawn
):
    with installation.transaction() as session:
        counts = count_alike(session, mixed, position=position, withdrawn=withdrawn)
        assets = session.scalars(select(SharedAsset).order_by(SharedAsset.position)).all()

    each = Counter(
        Predictable.of(one)
        for one in assets
        if one.position not in withdrawn and position in {0, one.position}
    )
    # In the same order too: it is that of the choices on the page.
    assert list(counts.items()) == list(each.items())
