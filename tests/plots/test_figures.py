"""The figures by name: drawn in every width and theme, as tables, in words, as files."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import KINDS, OVERVIEW, figure, reference_front, save, table, to_pdf, to_png, to_svg, words_of
from xautolm_nb.plots.canvas import NOTEBOOK, PAGE, SIDEBAR

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]
Busy = Callable[..., list[Trial]]


def texts_of(drawn: Figure) -> list[Text]:
    """The texts that are really drawn: not those of hidden axes, nor of ticks beyond their ends."""
    hidden: set[int] = set()
    for axes in drawn.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axes.axison:
                hidden.update((id(axis.label), id(axis.get_offset_text())))
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not axes.axison or not low <= tick.get_loc() <= high:
                    hidden.update((id(tick.label1), id(tick.label2)))
    found = [text for text in drawn.findobj(Text) if isinstance(text, Text)]
    return [text for text in found if text.get_visible() and text.get_text().strip() and id(text) not in hidden]


def words_in(svg: bytes) -> list[str]:
    """The texts of an SVG file, entities resolved."""
    root = ElementTree.fromstring(svg)
    return ["".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("width", [SIDEBAR, PAGE])
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_leaves_the_figure_or_lies_on_another(
    kind: str, width: float, busy: Busy, make_view: MakeView, hostile: str
) -> None:
    view = make_view(*busy(60, models=("tiny", hostile, f"{hostile}-2")), metric=hostile, prior={"used": 9})
    drawn = figure(view, kind, width=width, reference=reference_front("zero-shot", busy(8)))
    drawn.draw_without_rendering()
    boxes = [(text, text.get_window_extent()) for text in texts_of(drawn)]
    page = drawn.bbox.padded(1.5)
    assert [text.get_text() for text, box in boxes if not page.contains(box.x0, box.y0)] == []
    assert [text.get_text() for text, box in boxes if not page.contains(box.x1, box.y1)] == []
    apart = [(text, box.shrunk(0.98, 0.9)) for text, box in boxes]
    assert [
        (one.get_text(), other.get_text())
        for index, (one, box) in enumerate(apart)
        for other, another in apart[index + 1 :]
        if box.overlaps(another)
    ] == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_titled_in_the_colours_of_the_page(
    kind: str, dark: bool, busy: Busy, make_view: MakeView
) -> None:
    drawn = figure(make_view(*busy()), kind, dark=dark)
    title = drawn.axes[0].get_title(loc="left")
    svg = to_svg(drawn).decode()
    assert title and f">{title}<" in svg
    assert ("#1b1b1d" in svg) is dark


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_study_has_a_figure_a_table_and_words_that_say_so(kind: str, make_view: MakeView) -> None:
    assert any(" yet" in text for text in words_in(to_svg(figure(make_view(), kind))))
    assert table(make_view(), kind).rows == ()
    assert " yet" in words_of(make_view(), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maximize", [True, False])
def test_failures_only_a_single_trial_and_equal_scores_have_figures(
    kind: str, maximize: bool, make_trial: MakeTrial, make_view: MakeView
) -> None:
    config = {"model": "m", "batch_size": 8, "learning_rate": 1e-4}
    expected = {"score": 0.5, "score_sd": 0.0, "seconds": 2.0}
    more = {"config": config, "expected": expected, "maximize": maximize}
    failed = [
        make_trial(0, [], seconds=3.0, failed=True, **more),
        make_trial(1, [(0.25, 0.2, 1.0)], failed=True, **more),
    ]
    equal = [make_trial(number, [(0.5, 0.5, 2.0), (1.0, 0.5, 4.0)], **more) for number in range(3)]
    without_work = [make_trial(0, [(0.0, 0.5, 0.0)], **more)]
    for trials in (failed, equal, equal[:1], without_work):
        assert len(figure(make_view(*trials), kind).axes) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_stay_text(kind: str, busy: Busy, make_view: MakeView) -> None:
    name = "$a^2$<b>&_#%"
    view = make_view(*busy(models=(name, "$x", "b")), metric=name)
    texts = words_in(to_svg(figure(view, kind, width=12.0)))
    assert any(name in text for text in texts) or kind == "cost"  # which names neither model nor metric
    assert "<b>" not in table(view, kind).to_html()


def test_several_kinds_stand_side_by_side(trials: list[Trial], make_view: MakeView) -> None:
    drawn = figure(make_view(*trials))
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        "Best score so far",
        "Score against time",
        "Learning curves",
    ]
    assert drawn.get_figwidth() == NOTEBOOK * len(OVERVIEW)
    assert len({axes.title.get_window_extent().y0 for axes in drawn.axes}) == 1


def test_a_kind_that_is_not_known_is_answered_with_those_that_are(make_view: MakeView) -> None:
    for ask in (figure, table, words_of):
        with pytest.raises(RequestError, match="anytime, pareto, curves, parallel, failures, calibration, cost"):
            ask(make_view(), "pie")


@pytest.mark.parametrize(("kind", "width"), [("pareto", 1.0), (OVERVIEW, 4.0), ((), 4.0), ("pareto", float("nan"))])
def test_a_width_without_room_is_refused(kind: str, width: float, make_view: MakeView) -> None:
    with pytest.raises(RequestError, match="inches"):
        figure(make_view(), kind, width=width)


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.PDF", b"%PDF"), ("a.png", b"\x89PNG")])
def test_a_file_is_what_its_ending_says(
    name: str, start: bytes, tmp_path: Path, trials: list[Trial], make_view: MakeView
) -> None:
    path = save(make_view(*trials), "pareto", tmp_path / name, width=PAGE)
    assert path == tmp_path / name and path.read_bytes().startswith(start)


def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path, make_view: MakeView) -> None:
    with pytest.raises(RequestError, match=r"\.svg, \.pdf, \.png"):
        save(make_view(), "pareto", tmp_path / "front.jpg")
    assert list(tmp_path.iterdir()) == []


def test_files_keep_text_as_text_and_say_what_they_show(trials: list[Trial], make_view: MakeView) -> None:
    view = make_view(*trials)
    drawn, words = figure(view, "anytime"), words_of(view, "anytime")
    svg, pdf = to_svg(drawn, words), to_pdf(drawn, words)
    assert "0.800 (trial 3)" in words_in(svg)
    assert words in svg.decode()
    assert b"/TrueType" in pdf or b"/CIDFontType2" in pdf
    assert b"/Type3" not in pdf


def test_a_panel_of_4_inches_is_400_pixels_wide(trials: list[Trial], make_view: MakeView) -> None:
    png = to_png(figure(make_view(*trials), "pareto"), dpi=100)
    assert int.from_bytes(png[16:20], "big") == 400


@pytest.mark.parametrize("kind", ["pareto", "parallel", "failures"])
def test_equal_figures_give_equal_files(kind: str, busy: Busy, make_view: MakeView) -> None:
    view = make_view(*busy())
    assert to_svg(figure(view, kind)) == to_svg(figure(view, kind))


def test_settings_of_the_user_are_used_where_they_do_no_harm_and_left_as_they_were(
    trials: list[Trial], make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rcParams, "text.usetex", True)
    monkeypatch.setitem(rcParams, "font.family", ["monospace"])
    svg = to_svg(figure(make_view(*trials), "anytime"))
    assert "0.800 (trial 3)" in words_in(svg) and b"monospace" in svg
    assert rcParams["text.usetex"] is True and rcParams["svg.fonttype"] == "path"


def test_figures_can_be_drawn_from_many_threads(busy: Busy, make_view: MakeView) -> None:
    view = make_view(*busy())
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(lambda kind: to_svg(figure(view, kind)), ["pareto", "curves"] * 2))
    assert len(set(files)) == 2


def test_plots_import_neither_pyplot_nor_torch_and_numbers_no_matplotlib() -> None:
    code = (
        "import sys; from xautolm_nb.plots import anytime, charts, failure_map;"
        "assert 'matplotlib' not in sys.modules;"
        "from xautolm_nb.plots import figure, Plot, summary_html;"
        "assert not {'matplotlib.pyplot', 'torch', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there() -> None:
    from xautolm_nb import plots

    assert all(getattr(plots, name) is not None for name in plots.__all__)
    assert set(plots.__all__) <= set(dir(plots))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "parallel"])
def test_panels_side_by_side_are_as_wide_as_there_is_room(
    kind: str, make_trial: MakeTrial, make_view: MakeView
) -> None:
    expected = {"score": 0.6, "score_sd": 0.1, "seconds": 9.0}
    view = make_view(*(make_trial(n, [(1.0, 0.5 + n / 20, 9.0 + n)], expected=expected) for n in range(3)))
    drawn = figure(view, ("parallel", kind), width=8.6)  # nothing failed, nothing lies beyond the axes
    assert all(axes.get_position().width > 0.25 for axes in drawn.axes)
