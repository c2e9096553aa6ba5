"""Labels are put where they hide least, or left out."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from xautolm_nb.plots.canvas import Look
from xautolm_nb.plots.labels import Label, place

LOOK = Look(metric="f1", maximize=True, width=4.0)


@pytest.fixture
def axes() -> Axes:
    panel = Figure(figsize=(4, 3)).add_subplot()
    panel.set(xlim=(0, 1), ylim=(0, 1))
    return panel


def placed(axes: Axes) -> list[Annotation]:
    return [text for text in axes.texts if isinstance(text, Annotation)]


def test_a_label_goes_where_it_wants_when_all_is_free(axes: Axes) -> None:
    place(axes, [Label(text="here", x=0.5, y=0.5, side="below right")], LOOK)
    box, point = placed(axes)[0].get_window_extent(), axes.transData.transform((0.5, 0.5))
    assert box.x0 > point[0] and box.y1 < point[1]


def test_a_label_avoids_a_line_and_points(axes: Axes) -> None:
    axes.plot([0, 0.5], [0.56, 0.56], zorder=4)
    axes.plot([0.53, 0.56, 0.59], [0.56, 0.56, 0.56], "o")
    place(axes, [Label(text="0.123", x=0.5, y=0.5)], LOOK)
    assert placed(axes)[0].get_window_extent().y1 < axes.transData.transform((0.5, 0.5))[1]


def test_labels_of_one_point_do_not_meet_and_the_last_are_left_out(axes: Axes) -> None:
    place(axes, [Label(text=f"label {index}", x=0.5, y=0.5) for index in range(20)], LOOK)
    boxes = [note.get_window_extent() for note in placed(axes)]
    assert 2 <= len(boxes) < 20
    assert not any(a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[index + 1 :])
    assert placed(axes)[0].get_text() == "label 0"


def test_a_label_at_the_edge_stays_inside_the_figure(axes: Axes) -> None:
    axes.set_position((0.0, 0.0, 1.0, 1.0))
    place(axes, [Label(text="at the corner", x=0.0, y=1.0), Label(text="at the other", x=1.0, y=0.0)], LOOK)
    assert len(placed(axes)) == 2
    for note in placed(axes):
        box = note.get_window_extent()
        assert axes.figure.bbox.contains(box.x0, box.y0) and axes.figure.bbox.contains(box.x1, box.y1)


def test_a_label_too_long_for_the_figure_is_left_out(axes: Axes) -> None:
    place(axes, [Label(text="long " * 60, x=0.5, y=0.5)], LOOK)
    assert placed(axes) == []
