"""Render letters: a subject, a text and an HTML body that says the same."""

from dataclasses import dataclass

from page_builder.pages import environment
from page_builder.views import KeptLetterView, LetterView, WarningView


@dataclass(frozen=True)
class LetterText:
    """A letter's words."""

    subject: str
    text: str
    html: str


def render_invitation(view: LetterView) -> LetterText:
    """Render the letter that brings somebody a link."""
    subject = f"{view.sender} shares “{view.share_title}” with you"
    text = environment.get_template("letters/invitation.txt").render(letter=view)
    html = environment.get_template("letters/invitation.html").render(letter=view)
    return LetterText(subject, text.strip() + "\n", html)


def render_warning(view: WarningView) -> LetterText:
    """Render the letter that tells an owner that somebody guesses a password."""
    subject = f"Somebody is guessing the password of “{view.share_title}”"
    text = environment.get_template("letters/warning.txt").render(letter=view)
    return LetterText(subject, text.strip() + "\n", "")


def render_kept_letter(view: KeptLetterView) -> bytes:
    """Render the local page that shows a letter which went to the mail folder."""
    return environment.get_template("letters/kept.html").render(letter=view).encode()
