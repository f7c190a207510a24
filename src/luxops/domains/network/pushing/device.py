"""One router's part of a push: look, arm, send, verify, confirm, save, look again; or back.

It observes before it acts, so that it may be killed anywhere and run again:

* As planned already, and nothing armed: nothing is sent. Where an earlier attempt had confirmed and not saved, that is done.
* A timer of the same change still runs: the router goes back at once, and only then it is changed, from the beginning. To go on
  where the other run was killed would be quicker, but nobody knows which of its lines were taken, and a configuration that
  equals the plan does not prove that every step had its effect: the configuration does not show all of them.
* Anything else than what was planned against: nothing is sent, the change must be planned again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field

from luxops.domains.network.planning.nouns import DevicePlan, Step
from luxops.domains.network.platforms.changing import Attempt, Changing, Refused, Standing, TimerFired, Token, masked
from luxops.domains.network.pushing.interface import Access, Checks, Clock, Fence, Journal, MonotonicClock, Tell
from luxops.domains.network.pushing.looking import Look, difference, kept
from luxops.domains.network.pushing.nouns import DeviceReport, Limits, Outcome
from luxops.domains.network.pushing.steps import filled
from luxops.domains.network.pushing.watched import Late, Watched
from luxops.errors import LuxopsError
from luxops.transports.dialogue import Dialogue
from luxops.transports.failures import SessionError

_TRIES = 3
"""Of what may be asked again: to confirm, and to save."""


@dataclass(frozen=True)
class Desk:
    """What every router of a push is worked on with."""

    access: Access
    journal: Journal
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=MonotonicClock)
    checks: Checks = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    unguarded: str = ""
    """Reason to change a router that cannot go back by itself, all the same; empty: it is refused."""
    tell: Tell = lambda _device, _text: None


class Ended(Exception):  # noqa: N818 - an outcome, not an error
    """The router's part is over. Nothing was sent that would have to be taken back."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


class Failed(Exception):  # noqa: N818 - see above
    """What was sent must be taken back."""


class DevicePush:
    """Made for one router and one attempt."""

    def __init__(self, desk: Desk, plan: DevicePlan, changing: Changing, token: Token, fence: Fence) -> None:
        self._desk = desk
        self._fence = fence
        self._plan = plan
        self._changing = changing
        self._token = token
        self._steps: tuple[Step, ...] = ()
        self._back: tuple[Step, ...] = ()
        self._warnings: list[str] = []
        self._armed_at: float | None = None
        self._guarded = True
        self._sent = 0
        self._works: Mapping[str, AbstractSet[str]] = {}

    def run(self) -> DeviceReport:
        """Whatever happens to the router is in the report. Raises what is not about it: a journal that cannot be written."""
        try:
            self._send_all()
            self._verify(self._first)
        except Ended as end:
            return self._report(end.outcome, end.detail)
        except (Failed, Refused, SessionError, LuxopsError) as error:
            if self._armed_at is None:
                return self._report(_unsent(error), f"nothing was sent: {error}")
            return self._taken_back(str(error))
        except KeyboardInterrupt:
            if self._armed_at is None:
                return self._report(Outcome.REFUSED, "nothing was sent: interrupted")
            return self._taken_back("interrupted")
        return self._kept()

    # --- before anything is sent

    def _send_all(self) -> None:
        self._steps = filled((s for s in self._plan.steps if not self._changing.is_save(s)), self._desk.secrets)
        self._back = filled((s for s in self._plan.rollback if not self._changing.is_save(s)), self._desk.secrets)
        unfit = self._changing.unfit((*self._steps, *self._back))
        if unfit:
            raise Ended(Outcome.REFUSED, f"nothing was sent: {unfit}")
        self._tell("looking")
        with self._session() as dialogue:
            self._first = self._ready(dialogue)
            self._works = {name: check(self._plan.device) for name, check in self._desk.checks.items()}
            self._desk.journal.intent(self._plan.device, str(self._token))
            # Counted from before the router begins to count: here it is never later than there.
            self._armed_at = self._desk.clock.now()
            watched = Watched(dialogue, self._in_time)
            if self._guarded:
                self._tell(f"arming: {self._changing.mechanism}")
                self._changing.arm(watched, self._token, self._desk.limits.dead_man, self._steps)
            else:
                self._changing.enter_unguarded(watched)
            for number, step in enumerate(self._steps, 1):
                self._tell(f"sending {number} of {len(self._steps)}: {step.title}")
                self._sent += 1
                self._warnings += self._changing.send(watched, self._token, step)
            self._warnings += self._changing.leave(watched, self._token)

    def _ready(self, dialogue: Dialogue) -> Look:
        """How the router is, once it is seen to be as it was planned against, with nobody at work on it. Raises Ended."""
        standing = self._changing.standing(dialogue)
        self._refuse_others(standing)
        mine = [attempt for attempt in standing.attempts if attempt.token.change == self._token.change]
        self._undo_killed(dialogue, mine)
        look = self._desk.access.look(self._plan.device)
        if look.failure is not None:
            raise Ended(Outcome.UNKNOWN, f"nothing was sent: the router could not be looked at: {look.failure}")
        if look.digest == self._plan.desired:
            raise Ended(Outcome.ALREADY_DONE, self._finished_earlier(dialogue, mine))
        if any(attempt.confirmed for attempt in mine):
            seen = difference(self._plan.after, look.lines)
            raise Ended(Outcome.INCOMPLETE, f"an earlier attempt was confirmed and not saved, and since then: {seen}")
        if look.digest != self._plan.observed:
            seen = difference(self._plan.before, look.lines)
            raise Ended(Outcome.REFUSED, f"nothing was sent: it is not as it was planned against, plan again: {seen}")
        if standing.refusal:
            if not self._desk.unguarded:
                raise Ended(Outcome.REFUSED, f"nothing was sent: it cannot go back by itself: {standing.refusal}")
            self._guarded = False
            self._warnings.append(f"changed without a way back by itself ({standing.refusal}): {self._desk.unguarded}")
        return look

    def _refuse_others(self, standing: Standing) -> None:
        if standing.foreign:
            raise Ended(Outcome.REFUSED, f"nothing was sent: somebody else's timer runs on it: {standing.foreign}")
        if standing.fence > self._token.fence:
            raise Ended(Outcome.REFUSED, f"nothing was sent: holder {standing.fence} came after {self._token.fence}")
        for attempt in standing.attempts:
            if attempt.token.change != self._token.change and (attempt.armed or attempt.confirmed or attempt.fired):
                state = (
                    "is under way" if attempt.armed else "was confirmed and not saved" if attempt.confirmed else "is half back"
                )
                raise Ended(Outcome.REFUSED, f"nothing was sent: change {attempt.token.change} {state} on it")

    def _undo_killed(self, dialogue: Dialogue, mine: Sequence[Attempt]) -> None:
        for attempt in mine:
            if (attempt.armed or attempt.fired) and not attempt.confirmed:
                self._tell("an earlier run was ended halfway: going back first")
                try:
                    self._changing.revert(dialogue, attempt.token, self._token.fence)
                except Refused as refused:
                    detail = f"an earlier run was ended halfway, and the router could not go back: {refused}"
                    raise Ended(Outcome.INCOMPLETE, detail) from refused

    def _finished_earlier(self, dialogue: Dialogue, mine: Sequence[Attempt]) -> str:
        left = [attempt for attempt in mine if not attempt.armed and not attempt.fired]
        for attempt in left:
            self._changing.save(dialogue, attempt.token)
        if left:
            return "an earlier run had changed and confirmed it; it was saved now, and nothing else was sent"
        return "it is as planned; nothing was sent"

    # --- afterwards

    def _verify(self, first: Look) -> None:
        """Raises Failed where it is not as it must be by the time."""
        must = kept(first.up, self._plan)
        until = self._desk.clock.now() + self._desk.limits.verify
        while True:
            self._tell("verifying")
            problem = self._problem(must)
            if not problem:
                return
            if self._desk.clock.now() + self._desk.limits.poll >= min(until, self._last_moment()):
                raise Failed(problem)
            self._desk.clock.sleep(self._desk.limits.poll)

    def _problem(self, must: AbstractSet[str]) -> str:
        look = self._desk.access.look(self._plan.device)
        if look.failure is not None:
            return f"after the last step it could not be looked at: {look.failure}"
        if look.digest != self._plan.desired:
            # Waiting would not mend that.
            raise Failed(f"after the last step it is not as planned: {difference(self._plan.after, look.lines)}")
        if down := sorted(must - look.up):
            return f"not up again: {', '.join(down)}"
        for name, check in self._desk.checks.items():
            if lost := sorted(self._works[name] - check(self._plan.device)):
                return f"{name} lost: {', '.join(lost)}"
        return ""

    def _kept(self) -> DeviceReport:
        """Confirm, save, look again. Once it is confirmed nothing takes the router back any more."""
        try:
            self._confirm()
        except (Failed, Refused, SessionError, LuxopsError) as error:
            return self._taken_back(f"it could not be confirmed: {error}")
        try:
            self._save()
        except (Refused, SessionError) as error:
            detail = f"it runs as planned and is confirmed, but is not saved, so that a restart brings the old back: {error}"
            return self._report(Outcome.INCOMPLETE, detail)
        look = self._desk.access.look(self._plan.device)
        if look.failure is not None:
            return self._report(Outcome.UNKNOWN, f"changed, confirmed and saved, but not seen since: {look.failure}")
        if look.digest != self._plan.desired:
            seen = difference(self._plan.after, look.lines)
            return self._report(Outcome.INCOMPLETE, f"changed and saved; since then somebody changed it again: {seen}")
        return self._report(Outcome.DONE, f"changed in {self._sent} steps, verified, confirmed and saved")

    def _confirm(self) -> None:
        """Raises TimerFired or Failed where it is not; SessionError where nobody can tell."""
        if not self._guarded:
            return
        self._tell("confirming")
        for tried in range(_TRIES):
            try:
                with self._session() as dialogue:
                    if tried and self._confirmed_before(dialogue):
                        return
                    self._in_time()
                    self._changing.confirm(dialogue, self._token)
                    return
            except Late as late:
                raise Failed(str(late)) from late
            except SessionError:
                if tried == _TRIES - 1:
                    raise
                self._desk.clock.sleep(self._desk.limits.poll)

    def _confirmed_before(self, dialogue: Dialogue) -> bool:
        """Whether a confirmation whose answer never came had its effect."""
        mine = next((found for found in self._changing.standing(dialogue).attempts if found.token == self._token), None)
        if mine is None or mine.fired:
            raise TimerFired("the dead-man timer has fired")
        if mine.armed or mine.confirmed:
            return mine.confirmed
        return self._desk.access.look(self._plan.device).digest == self._plan.desired

    def _save(self) -> None:
        if not self._guarded:
            # There is no attempt on the router that could be saved by name; nothing but the configuration outlasts a restart.
            with self._session() as dialogue:
                self._changing.save(dialogue, self._token)
            return
        self._tell("saving")
        for tried in range(_TRIES):
            try:
                with self._session() as dialogue:
                    self._changing.save(dialogue, self._token)
                    return
            except SessionError:
                if tried == _TRIES - 1:
                    raise
                self._desk.clock.sleep(self._desk.limits.poll)

    # --- back

    def _taken_back(self, why: str) -> DeviceReport:
        """Back at once where the router can be reached, by its timer where it cannot; told apart by looking."""
        self._tell(f"going back: {masked(why, self._desk.secrets)}")
        until = (self._armed_at or 0.0) + self._desk.limits.dead_man + self._desk.limits.grace
        by, seen, failed = "", "", "nobody could see it since"
        while True:
            try:
                by = self._reverted(by)
                look = self._desk.access.look(self._plan.device)
                failed, seen = (
                    ("", difference(self._plan.before, look.lines)) if look.failure is None else (str(look.failure), "")
                )
                if look.failure is None and look.digest == self._plan.observed:
                    return self._back_as_before(why, by)
                if look.failure is None and look.digest == self._plan.desired and by:
                    detail = f"{why}; it runs as planned and no timer runs any more, but it may not be saved: push again"
                    return self._report(Outcome.INCOMPLETE, detail)
                if look.failure is None and by:
                    break
            except (SessionError, Refused, LuxopsError) as error:
                failed, seen = str(error), ""
            if self._desk.clock.now() >= until:
                break
            self._desk.clock.sleep(self._desk.limits.poll)
        if seen:
            return self._report(
                Outcome.INCOMPLETE, f"{why}; it went back {by}, and is not as before: {seen}".replace(" ,", ",")
            )
        still = f"its timer was armed for {self._desk.limits.dead_man} s" if self._guarded else "it has no timer"
        return self._report(Outcome.UNKNOWN, f"{why}; what has become of it could not be seen ({still}): {failed}")

    def _back_as_before(self, why: str, by: str) -> DeviceReport:
        if not self._sent:
            return self._report(Outcome.REFUSED, f"nothing was sent: {why}")
        return self._report(Outcome.ROLLED_BACK, f"{why}; it went back {by or 'by its dead-man timer'}, and is as before")

    def _reverted(self, by: str) -> str:
        """By what the router has gone back; it is made to, where it has not."""
        with self._session() as dialogue:
            if not self._guarded:
                if not by:
                    self._changing.enter_unguarded(dialogue)
                    for step in self._back:
                        self._changing.send(dialogue, self._token, step)
                    self._changing.leave(dialogue, self._token)
                return "by the plan's own rollback"
            attempts = self._changing.standing(dialogue).attempts
            mine = next((attempt for attempt in attempts if attempt.token == self._token), None)
            if mine is None or mine.confirmed or not (mine.armed or mine.fired):
                return by or ("by its dead-man timer" if self._sent else "")
            # Where the right is lost, the timer is left to do it: somebody else may be at work on the router.
            self._fence.check()
            self._changing.revert(dialogue, self._token, self._token.fence)
            return "by luxops at once" if mine.armed else "by its dead-man timer"

    # --- small things

    @contextmanager
    def _session(self) -> Iterator[Dialogue]:
        with self._desk.access.dialogue(self._plan.device) as dialogue:
            yield dialogue

    def _last_moment(self) -> float:
        assert self._armed_at is not None  # noqa: S101 - asked only once there is a timer
        if not self._guarded:
            return float("inf")
        return self._armed_at + self._desk.limits.dead_man - self._desk.limits.margin

    def _in_time(self) -> None:
        """Raises Late, or what the fence raises: then nothing may be sent any more."""
        self._fence.check()
        if self._desk.clock.now() >= self._last_moment():
            raise Late("it took so long that the dead-man timer is about to run out")

    def _tell(self, text: str) -> None:
        self._desk.tell(self._plan.device, text)

    def _report(self, outcome: Outcome, detail: str) -> DeviceReport:
        return DeviceReport(
            device=self._plan.device,
            outcome=outcome,
            detail=masked(detail, self._desk.secrets)[:2000],
            token=str(self._token) if self._armed_at is not None else "",
            warnings=tuple(masked(text, self._desk.secrets) for text in self._warnings),
        )


def _unsent(error: BaseException) -> Outcome:
    return Outcome.UNKNOWN if isinstance(error, SessionError) else Outcome.REFUSED
