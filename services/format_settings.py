"""The catalogue of formats: what an operator sets for shares to come. Shares that are out keep theirs."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.format import Format as FormatRow
from services.errors import SettingUnusable
from services.format_wishes import CustomFormat
from services.formats.catalogue import INLINE, NAME_PATTERN, ORIGINAL
from services.formats.recipes import write_recipe
from services.requests import number_fields


class FormatSetting(BaseModel):
    """One format of the catalogue as it is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=number_fields)

    name: str = Field(
        title="Name",
        description="Under which requests name it: small letters, digits, hyphens.",
        pattern=f"^{NAME_PATTERN}$",
    )
    label: str = Field(
        default="",
        title="Label",
        description="What recipients read. Empty: as it is, or made from the recipe.",
        max_length=60,
    )
    offer: Literal["default", "on_request", "removed"] = Field(
        default="on_request",
        title="Offer",
        description="default: by every share whose owner names no formats; on_request: where it is"
        " named or asked for; removed: no more.",
    )
    recipe: CustomFormat = Field(
        default=CustomFormat(), title="Recipe", description="How it is made."
    )


def change_formats(session: Session, settings: list[FormatSetting]) -> list[str]:
    """Change the catalogue, and return the names of what is different now.

    Raises:
        SettingUnusable: a name is one of those that pages use.
    """
    return [one.name for one in settings if _change(session, one)]


def _change(session: Session, setting: FormatSetting) -> bool:
    # `c-` begins the names of what recipients make to order.
    if setting.name in INLINE | {ORIGINAL} or setting.name.startswith("c-"):
        raise SettingUnusable(f"{setting.name} is a name that Vitrine itself uses: choose another")
    row = session.get(FormatRow, setting.name)
    if setting.offer == "removed":
        session.execute(delete(FormatRow).where(FormatRow.name == setting.name))
        return row is not None
    made = setting.recipe.to_format()
    values: dict[str, Any] = {
        "label": setting.label or (row.label if row else made.label),
        "recipe": write_recipe(made.recipe),
        "is_default": setting.offer == "default",
    }
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return False
    last = session.scalar(select(func.max(FormatRow.position))) or 0
    position = row.position if row else last + 1
    statement = insert(FormatRow).values(name=setting.name, position=position, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[FormatRow.name], set_={**values, "changed_at": func.vitrine_now()}
        )
    )
    return True
