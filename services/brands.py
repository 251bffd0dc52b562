"""The brand: what an operator sets for all pages to come. Shares that are out keep theirs.

A brand's colour is used as it is where it fills, and adjusted where it is thin; the one that passes
is proposed when it is set, so that nobody is surprised by the page.
"""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import new_id
from models.brand import Brand
from models.kinds import Actor, EventKind
from page_builder.palette import (
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    TEXT_CONTRAST,
    make_palette,
    worst_contrast,
)
from page_builder.static import theme_href
from page_builder.views import NO_BRAND, BrandView, LogoView
from services.errors import SettingUnusable
from services.format_settings import FormatSetting, change_formats
from services.history import event_key, record
from services.installation import Installation
from services.invitations import is_address
from services.logos import logo_key, read_size
from services.requests import number_fields

#: Written instead of a value, it removes it.
_NONE = "none"
_LOGO_PATTERN = r"^(none|[0-9a-f]{32}-[0-9]{1,4}x[0-9]{1,4}\.webp)?$"


class SettingsChange(BaseModel):
    """What is to be different on pages to come; an empty value leaves it as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    show_company_logo: Literal["as it is", "on", "off"] = Field(
        default="as it is",
        title="Show company logo",
        description="Off: pages carry the owner's name alone.",
    )
    logo: str = Field(
        default="",
        title="Logo",
        description="The name that the desk gave for an uploaded logo; none removes it.",
        pattern=_LOGO_PATTERN,
    )
    dark_logo: str = Field(
        default="",
        title="Logo on dark ground",
        description="The same, for dark screens; without one the logo stands on a white plate.",
        pattern=_LOGO_PATTERN,
    )
    company: str = Field(
        default="",
        title="Company",
        description="The company's name: what is read aloud for the logo. none removes it.",
        max_length=200,
    )
    accent: str = Field(
        default="",
        title="Colour",
        description="The colour of the main button, as #8a3b1e; none removes it.",
        pattern=r"^(none|#[0-9a-fA-F]{6})?$",
    )
    privacy_url: str = Field(
        default="",
        title="Privacy policy",
        description="Its address, with https://; none removes it.",
        # The length beside the pattern: a repetition that is counted takes megabytes of each process.
        max_length=len("https://") + 1000,
        pattern=r"^(none|https://[^\s\"<>]+)?$",
    )
    formats: list[FormatSetting] = Field(
        default=[],
        title="Formats",
        description="Formats of the catalogue to add, to change or to remove.",
        max_length=50,
    )


def change_settings(
    installation: Installation, change: SettingsChange, *, contact: str = "", asked_by: str
) -> tuple[list[str], list[str]]:
    """Set what is given, and return the names of what is different and what is to be known of it.

    `contact` is an address, and therefore no field of a change: flow parameters carry none.

    Raises:
        SettingUnusable: a logo was never uploaded, or the contact is no address.
    """
    _check_logos(installation, change)
    if contact not in {"", _NONE} and not is_address(contact):
        raise SettingUnusable("the contact is no e-mail address")
    with installation.transaction() as session:
        before = find_brand(session)
        values = _read(before) | _read_change(change, contact)
        changed = [name for name, value in values.items() if value != _read(before)[name]]
        formats = change_formats(session, change.formats)
        if changed:
            session.add(Brand(id=new_id(), **values))
        if changed or formats:
            record(
                session,
                EventKind.SETTINGS_CHANGED,
                key=event_key(new_id(), "set"),
                actor=Actor.OWNER,
                payload={"changed": changed, "formats": formats, "door": asked_by},
            )
    return [*changed, *formats], _describe_colour(values["accent"]) if "accent" in changed else []


def find_brand(session: Session) -> Brand | None:
    """Find the brand that shares are made under now."""
    newest = select(Brand).order_by(Brand.made_at.desc(), Brand.id.desc()).limit(1)
    return session.scalar(newest)


def view_brand(session: Session, brand_id: UUID | None) -> BrandView:
    """Describe a brand to the page builder."""
    brand = session.get(Brand, brand_id) if brand_id else None
    if brand is None:
        return NO_BRAND
    return BrandView(
        theme=theme_href(brand.accent) if brand.accent else "",
        logo=_view_logo(brand.logo) if brand.shows_logo and brand.logo else None,
        dark_logo=_view_logo(brand.dark_logo) if brand.shows_logo and brand.dark_logo else None,
        company=brand.company,
        privacy_url=brand.privacy_url,
        contact=brand.contact,
        accent=brand.accent,
    )


def _read(brand: Brand | None) -> dict[str, str | bool]:
    names = ("shows_logo", "logo", "dark_logo", "company", "accent", "privacy_url", "contact")
    if brand is None:
        return {name: name == "shows_logo" or "" for name in names}
    return {name: getattr(brand, name) for name in names}


def _read_change(change: SettingsChange, contact: str) -> dict[str, str | bool]:
    names = ("logo", "dark_logo", "company", "accent", "privacy_url")
    given = {name: getattr(change, name) for name in names} | {"contact": contact}
    values: dict[str, str | bool] = {
        name: "" if value == _NONE else value for name, value in given.items() if value
    }
    if "accent" in values:
        values["accent"] = str(values["accent"]).lower()
    if change.show_company_logo != "as it is":
        values["shows_logo"] = change.show_company_logo == "on"
    return values


def _check_logos(installation: Installation, change: SettingsChange) -> None:
    for name in {change.logo, change.dark_logo} - {"", _NONE}:
        try:
            installation.store.get(logo_key(name))
        except FileNotFoundError as error:
            raise SettingUnusable(
                f"there is no logo {name}: upload it at the desk (POST /logos) or with"
                " `vitrine brand set --logo`"
            ) from error


def _describe_colour(accent: str | bool) -> list[str]:
    """Say what becomes of a colour that is too faint or too dark for text and rings."""
    if not isinstance(accent, str) or not accent:
        return []
    palette = make_palette(accent)
    return [
        f"{accent} has a contrast of {worst_contrast(accent, grounds):.1f} on {name} pages, and WCAG"
        f" AA asks for {TEXT_CONTRAST}: the button keeps it, rings and marks use {nearest}, the"
        " nearest colour that passes"
        for name, grounds, nearest in (
            ("light", LIGHT_GROUNDS, palette.accent_light),
            ("dark", DARK_GROUNDS, palette.accent_dark),
        )
        if nearest != accent
    ]


def _view_logo(name: str) -> LogoView:
    width, height = read_size(name)
    return LogoView(f"/brand/{name}", width, height)
