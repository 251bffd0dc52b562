"""Whatever owners and visitors do, in whatever order: no byte before every condition holds."""

import functools
import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.changes import ShareChange, change_share, revoke_share
from services.passwords import keep_password
from services.terms import keep_terms
from tests.gateway.test_gate import SECRETS
from tests.gateway.test_passwords import OWN, new_browser
from tests.publishing import link_of, publish

ADDRESSES = ["", "a/1/", "i/1/1/thumbnail", "d/1/original", "bundle/original"]
#: `make prove NAME=gate_life` runs more of them, and longer ones.
EXAMPLES, STEPS = int(os.environ.get("EXAMPLES", "25")), int(os.environ.get("STEPS", "12"))
WORDS = ["larch meadow", "copper tide"]


class LifeAtTheGate(RuleBasedStateMachine):
    """A model of the gate in five facts, held against the real one."""

    def __init__(self, installation, share_id, page, words, terms):
        super().__init__()
        self.installation, self.share_id, self.page = installation, str(share_id), page
        self.words, self.terms = words, terms
        self.apply(password="none", terms="none", downloads="on")
        self.password, self.wanted, self.downloads = "", "", True
        self.browser = new_browser(installation)
        self.knows, self.accepted = False, ""
        self.set_end(is_over=False)

    def apply(self, **values):
        change_share(self.installation, self.share_id, ShareChange(**values), asked_by="test")

    @rule(word=st.sampled_from(["", *WORDS]))
    def set_password(self, word):
        self.apply(password=self.words.get(word, "none"))
        if word or self.password:
            self.knows = self.knows and word == self.password
        if word != self.password:
            self.accepted = ""
        self.password = word

    @rule(number=st.integers(-1, 1))
    def set_terms(self, number):
        self.wanted = self.terms[number] if number >= 0 else ""
        self.apply(terms=self.wanted or "none")

    @rule(is_on=st.booleans())
    def set_downloads(self, is_on):
        self.downloads = is_on
        self.apply(downloads="on" if is_on else "off")

    @rule(word=st.sampled_from(WORDS))
    def give_password(self, word):
        if self.password and word != self.password:
            return  # wrong ones have tests of their own; here they would only use up guesses
        form = {"password": word}
        answer = self.browser.post(
            self.page + "password", data=form, headers=OWN, follow_redirects=False
        )
        assert answer.status_code == (410 if self.is_over else 303)
        if not self.is_over:
            self.knows, self.accepted = True, ""

    @rule(number=st.integers(0, 1), is_ticked=st.booleans())
    def accept_terms(self, number, is_ticked):
        form = {"version": self.terms[number]} | ({"accepted": "yes"} if is_ticked else {})
        answer = self.browser.post(
            self.page + "terms", data=form, headers=OWN, follow_redirects=False
        )
        may = not self.is_over and (not self.password or self.knows)
        if answer.status_code == 303:
            assert may
            assert is_ticked
            assert self.wanted == self.terms[number]
            self.accepted = self.wanted
        elif may and is_ticked:
            assert self.wanted != self.terms[number]

    @rule(is_over=st.booleans())
    def end_or_open_again(self, is_over):
        self.set_end(is_over=is_over)

    def set_end(self, *, is_over):
        self.apply(expires_on="now" if is_over else "never")
        self.is_over = is_over

    @rule()
    def come_with_a_new_browser(self):
        self.browser, self.knows, self.accepted = new_browser(self.installation), False, ""

    @invariant()
    def every_door_does_what_the_facts_say(self):
        for address in ADDRESSES:
            answer = self.browser.get(self.page + address)
            assert answer.status_code == self.expected(address), address
            if answer.status_code != 200:
                assert not any(secret in answer.content for secret in SECRETS)

    def expected(self, address):
        if self.is_over:
            return 410
        if self.password and not self.knows:
            return 401
        if self.wanted and self.accepted != self.wanted:
            return 403
        is_download = address.startswith(("d/", "bundle/"))
        return 403 if is_download and not self.downloads else 200


def test_no_byte_leaves_before_every_condition_holds(installation):
    share_id = publish(installation)
    words = {word: str(keep_password(installation, word)[0]) for word in WORDS}
    terms = [keep_terms(installation, {"en": f"Rules {number}."}) for number in range(2)]
    make = functools.partial(
        LifeAtTheGate, installation, share_id, link_of(installation, share_id), words, terms
    )
    run_state_machine_as_test(
        make, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
    revoke_share(installation, str(share_id), asked_by="test")
