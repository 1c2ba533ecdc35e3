"""What stages share: the refusal to lose too many rows."""

import pytest

from harness.stages.base import refuse_losses
from traceinv.errors import GateError


@pytest.mark.parametrize(("left", "max_dropped"), [(5, 0.4), (9, 0.0)])
def test_too_many_lost_rows_are_refused(left: int, max_dropped: float) -> None:
    with pytest.raises(GateError, match=rf"rows: {left} of 10 are left; at most {max_dropped:.0%} may be lost"):
        refuse_losses("rows", left, 10, max_dropped)


def test_that_nothing_is_left_is_refused_whatever_may_be_lost() -> None:
    with pytest.raises(GateError, match="rows: 0 of 10 are left; at least one must be"):
        refuse_losses("rows", 0, 10, 1.0)


@pytest.mark.parametrize(("left", "max_dropped"), [(6, 0.4), (1, 0.9), (10, 0.0)])
def test_losses_within_the_limit_pass(left: int, max_dropped: float) -> None:
    refuse_losses("rows", left, 10, max_dropped)
