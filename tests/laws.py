"""Laws: promises that are tried on examples which a machine draws; few in the ordinary suite, thousands in the campaign.

In: a test that takes drawn examples (hypothesis), and how many the ordinary suite can afford. Out: the same test, sized,
marked `law`, so that the campaign of faults (tests/torture) finds and runs it too, and counted.
The rule it guards: no law sizes itself. Where one example is dear, the law says beside its size what it costs.

@law(60)
@given(...)
def test_the_order_of_arrival_does_not_matter(...): ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.torture.campaign import campaign_of_the_environment

LONG_EXAMPLES = 2_000


def examples(short: int, *, long: int = LONG_EXAMPLES) -> int:
    """How many examples a law is tried on: `short` in the ordinary suite, `long` in the campaign."""
    return campaign_of_the_environment().times(short=short, long=long)


def law(
    short: int, *, long: int = LONG_EXAMPLES, allows: Sequence[HealthCheck] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Sizes, marks and counts a test of hypothesis; it stands above `given`.

    long: fewer than others where each example fills tables (twenty times what the suite once could afford);
    allows: what hypothesis would warn of and the law can bear, such as a fixture that all its examples share.
    """

    def made(test: Callable[..., None]) -> Callable[..., None]:
        if not is_hypothesis_test(test):
            raise TypeError(f"{test.__name__} draws no examples, expected @given below @law; put it there.")
        tried = Tried()
        test.hypothesis.inner_test = tried.counted(test.hypothesis.inner_test)  # type: ignore[attr-defined]
        sized = settings(
            max_examples=examples(short, long=long),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, *allows],  # how busy the machine is breaks no law
        )
        marked: Callable[..., None] = pytest.mark.law(tried)(sized(test))
        return marked

    return made


class Tried:
    """How many examples a law has been tried on in this process."""

    def __init__(self) -> None:
        self.examples_count = 0

    def counted(self, test: Callable[..., Any]) -> Callable[..., Any]:
        """The test of one example, counted."""

        @functools.wraps(test)
        def once(*given: Any, **named: Any) -> Any:
            self.examples_count += 1
            return test(*given, **named)

        return once
