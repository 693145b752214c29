"""What a claim gets of a run."""

import numpy as np

from seelearn.engine.measure import trial_of
from seelearn.events import Event
from seelearn.show import Show


def test_a_curve_that_grows_is_filled_up_with_nan() -> None:
    events: list[Event] = []
    show = Show(events.append)
    for points in ([], [1.0], [1.0, 2.0, 3.0]):
        show.curve("road", "a", range(len(points)), points)
        show.curve("fit", "a", [0, 1], [5, 6])
    curves = trial_of(0, events).curves
    np.testing.assert_array_equal(curves["road"]["a"], [[np.nan] * 3, [1, np.nan, np.nan], [1, 2, 3]])
    np.testing.assert_array_equal(curves["fit"]["a"], [[5, 6]] * 3)
