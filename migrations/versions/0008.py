"""Every kind of content: formats that are kept, parts, inspections, and formats made to order."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOW = sa.func.vitrine_now()

# What a new installation offers; an operator changes it. As it was when this was written.
_SQUARE = {"fit": "cover", "crop": "attention"}
_CATALOGUE = [
    ("web", "Web", True, {"kind": "picture", "width": 1600, "height": 1600, "quality": 82}),
    ("large", "Large", True, {"kind": "picture", "width": 2560, "height": 2560, "quality": 84}),
    ("film", "Film", True, {"kind": "film", "height": 1080}),
    ("sound", "Sound", True, {"kind": "sound", "codec": "aac", "bitrate_kbit": 160}),
    (
        "square",
        "Square for social media",
        False,
        {"kind": "picture", "width": 1080, "height": 1080, "quality": 84, **_SQUARE},
    ),
    (
        "print",
        "Print",
        False,
        {"kind": "picture", "width": 10000, "height": 10000, "quality": 92, "dpi": 300}
        | {"colour": "keep"},
    ),
    ("film-small", "Small film", False, {"kind": "film", "height": 720}),
    ("mp3", "MP3", False, {"kind": "sound", "codec": "mp3", "bitrate_kbit": 192}),
]
_PICTURE = {"encoder": "jpeg", "fit": "inside", "crop": "centre", "colour": "srgb", "dpi": 0}
_DEFAULTS = {
    "picture": {**_PICTURE, "background": "#ffffff", "page": 1},
    "film": {"codec": "h264", "bitrate_kbit": 0, "audio_kbit": 128},
    "sound": {},
}


def upgrade() -> None:
    _make_formats()
    _make_renditions()
    op.create_table(
        "inspection",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_inspection")),
    )
    op.add_column("shared_asset", sa.Column("facts", JSONB(), server_default="{}", nullable=False))
    op.drop_column("shared_asset", "width")
    op.drop_column("shared_asset", "height")
    op.add_column(
        "share",
        sa.Column("strips_originals", sa.Boolean(), server_default="false", nullable=False),
    )
    for table in ("format", "share_format", "format_request", "inspection"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO vitrine_app")


def _make_formats() -> None:
    table = op.create_table(
        "format",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("recipe", JSONB(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_format")),
    )
    rows = [
        {
            "name": name,
            "label": label,
            "is_default": is_default,
            "position": position,
            "recipe": {**_DEFAULTS[str(recipe["kind"])], **recipe},
        }
        for position, (name, label, is_default, recipe) in enumerate(_CATALOGUE, 1)
    ]
    op.bulk_insert(table, json.loads(json.dumps(rows)))
    op.create_table(
        "share_format",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("recipe", JSONB(), nullable=False),
        sa.Column("is_custom", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_share_format_share_id_share")
        ),
        sa.PrimaryKeyConstraint("share_id", "name", name=op.f("pk_share_format")),
    )
    op.execute(
        "INSERT INTO share_format (share_id, name, label, recipe, is_custom)"
        " SELECT share.id, format.name, format.label, format.recipe, false"
        " FROM share, jsonb_array_elements_text(share.formats) AS offered"
        " JOIN format ON format.name = offered"
    )
    op.create_table(
        "format_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("recipe", JSONB(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("failure_text", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["share_id"], ["share.id"], name=op.f("fk_format_request_share_id_share")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_format_request")),
    )
    op.create_index(op.f("ix_format_request_state"), "format_request", ["state"])
    op.create_index(
        "uq_format_request_wish", "format_request", ["share_id", "position", "format"], unique=True
    )


def _make_renditions() -> None:
    # Keys are made in another way now: what was made is made anew when somebody needs it.
    op.execute("DELETE FROM rendition")
    op.execute("DELETE FROM rendition_ref")
    # What originals are is told in more kinds than before.
    op.execute("DELETE FROM seen_original")
    for name in ("format", "source_width", "source_height", "width", "height"):
        op.drop_column("rendition", name)
    op.add_column("rendition", sa.Column("recipe", JSONB(), nullable=False))
    for name in ("width", "height", "duration_ms", "progress", "wrapped_bytes"):
        op.add_column("rendition", sa.Column(name, sa.BigInteger(), nullable=False))
    for name in ("placeholder", "maker", "wraps"):
        op.add_column("rendition", sa.Column(name, sa.Text(), nullable=False))
    op.add_column("rendition", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rendition", sa.Column("splices", JSONB(), nullable=True))
    op.drop_constraint(op.f("pk_rendition_ref"), "rendition_ref")
    op.add_column("rendition_ref", sa.Column("part", sa.BigInteger(), nullable=False))
    op.create_primary_key(
        op.f("pk_rendition_ref"), "rendition_ref", ["share_id", "position", "part", "format"]
    )


def downgrade() -> None:
    op.execute("DELETE FROM rendition")
    op.execute("DELETE FROM rendition_ref")
    op.drop_constraint(op.f("pk_rendition_ref"), "rendition_ref")
    op.drop_column("rendition_ref", "part")
    op.create_primary_key(
        op.f("pk_rendition_ref"), "rendition_ref", ["share_id", "position", "format"]
    )
    added = ("recipe", "duration_ms", "progress", "placeholder", "maker", "lease_until")
    for name in (*added, "wraps", "wrapped_bytes", "splices"):
        op.drop_column("rendition", name)
    for name in ("width", "height"):
        op.alter_column("rendition", name, nullable=True)
    for name in ("source_width", "source_height"):
        op.add_column("rendition", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("rendition", sa.Column("format", sa.Text(), nullable=False))
    op.drop_column("share", "strips_originals")
    for name in ("width", "height"):
        op.add_column("shared_asset", sa.Column(name, sa.BigInteger(), nullable=True))
    op.drop_column("shared_asset", "facts")
    for table in ("inspection", "format_request", "share_format", "format"):
        op.drop_table(table)
