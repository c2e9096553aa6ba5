# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · The paper's tables and figures, beside ours
#
# The end of the appendix: the result tables of the paper, rebuilt from kept tables, with ours beside it; then the
# headline claims against what was measured; then a verdict for each claim. Nothing is trained or searched here. What is
# read was written by notebooks 01 to 07 (`notebooks/results/`) and by the benchmarks (`benchmarks/results/`), and each
# verdict is computed from it by a rule that stands beside it.
#
# Three kinds of evidence:
#
# | name | what it is | runs |
# |---|---|---|
# | published | the paper's result tables | one run for each cell, seed 42; 24 h; validation scores |
# | replay | searches over the recorded trials of SST-2, MELD and AG News (notebook 04) | up to ten seeds |
# | live | real fine-tuning in equal time, small models, minutes (notebooks 06 and 07) | two or three seeds |

# %%
# %matplotlib inline
import json
import re

import nbformat
import numpy as np
import pandas as pd
from IPython.display import Markdown
from paper import (
    BLUE,
    HERE,
    PURPLE,
    RECORDED,
    RESULTS,
    ROOT,
    TITLES,
    contexts,
    panels,
    published,
)

from benchmarks.merits import bars, gaps, read_live, whole
from benchmarks.summary import Estimate, Run, by_seed, estimate, paired, read_runs
from xautolm_nb.optimize.baselines.variants import NAMES, VARIANTS
from xautolm_nb.plots.theme import LIGHT, ORANGE, VERMILION

pd.set_option("display.max_colwidth", None)
QA = ("squad", "drop")
REPORT = ROOT / "benchmarks" / "results"


def from_table(name: str) -> list[Run]:
    """Runs of a kept CSV table."""
    table = pd.read_csv(RESULTS / f"{name}.csv")
    return [
        Run(method=row.pop("method"), task=row.pop("task"), seed=int(row.pop("seed")), figures=row)
        for row in table.to_dict("records")
    ]


def from_benchmark(name: str) -> list[Run]:
    """Runs of a benchmark's results."""
    path = REPORT / f"{name}.json"
    return read_runs(path, json.loads(path.read_text())["settings"])


replay = from_benchmark("replay_full")
replay += [run for run in from_table("replay_variants") if run.method not in {one.method for one in replay}]
live = {
    name: read_live(RESULTS / f"{name}.json")
    for name in ("live_classification", "live_qa")
    if (RESULTS / f"{name}.json").exists()
}
searched = {name: whole(runs) for name, (_, runs) in live.items()}
WARM = {"live_classification": "warm_start", "live_qa": "warm_high_max"}
"""The original's warm start in the live runs: each task's variant with the highest published peak."""
for name, runs in searched.items():
    print(f"{name}: {len(runs)} searches, tasks {sorted({r.task for r in runs})},",
          f"methods {sorted({r.method for r in runs})}, seeds {len({r.seed for r in runs})}")  # fmt: skip
print(f"replay: {len(replay)} searches, methods: {len({run.method for run in replay})}")

# %% [markdown]
# ## The result tables
#
# ### Peak F1, as published
#
# Validation macro-F1 (SQuAD 0 to 100). Bold: the best of the column.

# %%
table = published()
table["family"] = table.method.where(table.method.isin(["zero-shot", "kNN-50"]), "warm start")
twice = (~table.task.isin(QA)) & (table.method != "kNN-50")
failures = table.errors / np.where(twice, 2, 1)
table["exact"] = table.errors / table.records
table["corrected"] = failures / (failures + table.records - table.errors)


def wide(column: str, digits: int, *, higher: bool) -> pd.DataFrame:
    """Methods by tasks as text, the best of each task in bold."""
    order = list(dict.fromkeys(table.method))
    cells = table.pivot(index="method", columns="task", values=column).loc[order, list(TITLES)]
    best = cells.max() if higher else cells.min()
    shown = {
        task: [f"**{v:.{digits}f}**" if v == best[task] else f"{v:.{digits}f}" for v in cells[task]] for task in cells
    }
    return pd.DataFrame(shown, index=cells.index).replace("nan", "").rename(columns=TITLES)


def drawn(cells: pd.DataFrame) -> Markdown:
    """A table in Markdown, which keeps bold text and long lines wherever a notebook is shown."""
    names = [" · ".join(name) if isinstance(name, tuple) else str(name) for name in cells.index]
    lines = [["", *map(str, cells.columns)], ["---"] * (1 + len(cells.columns))]
    lines += [[f"**{name}**", *map(str, row)] for name, row in zip(names, cells.to_numpy(), strict=True)]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


drawn(wide("peak_f1", 4, higher=True))

# %% [markdown]
# ### Mean evaluation time of successes, seconds, as published

# %%
drawn(wide("mean_seconds", 0, higher=False))

# %% [markdown]
# ### Error ratio: with each failure counted once, and as published
#
# Failures of classification were logged twice but for kNN-50 (notebook 02). In brackets: as published.

# %%
once, as_published = wide("corrected", 3, higher=False), wide("error_ratio", 3, higher=False)
both = once + " (" + as_published.replace(r"\*", "", regex=True) + ")"
drawn(both.where(once != "", ""))

# %% [markdown]
# ### Ours beside them: the replay
#
# Means over seeds ± half the 95 % interval, of the first 20 trials; "above the front" is the share that no trial of the
# zero-shot search's front dominates. `best warm start` is, as in the paper, chosen of nine after the fact, by the
# figure's mean; it therefore flatters, though less than with one seed.

# %%
FIGURES = {"best@20": ("peak F1", 3, True), "evaluation_seconds": ("seconds", 0, False),
           "error@20": ("error ratio", 3, False), "win_ratio": ("above the front", 3, True)}  # fmt: skip
VARIANTS_RUN = [
    method
    for method in dict.fromkeys(r.method for r in replay)
    if method.startswith("warm_") and "mended" not in method
]


def of_task(runs: list[Run], method: str, task: str, figure: str) -> Estimate:
    """A figure's estimate over seeds on a task, without runs that have none."""
    values = [r.figures.get(figure, np.nan) for r in runs if r.method == method and r.task == task]
    return estimate([value for value in values if np.isfinite(value)])


def written(cell: Estimate, digits: int) -> str:
    """A mean and half its interval; nothing where there is none."""
    half = f" ± {cell.high - cell.mean:.{digits}f}" if cell.n > 1 else ""
    return f"{cell.mean:.{digits}f}{half}" if cell.n else ""


def best_of(runs: list[Run], methods: list[str], task: str, figure: str, *, higher: bool) -> str:
    """The method with the best mean on a task."""
    return (max if higher else min)(methods, key=lambda method: of_task(runs, method, task, figure).mean)


rows = {}
for task in RECORDED:
    for name, (title, digits, higher) in FIGURES.items():
        top = best_of(replay, VARIANTS_RUN, task, name, higher=higher)
        shown = {"zero-shot": "nspe", "kNN-50": "knn_50", "high-LIAR": "warm_high_LIAR", "best warm start": top,
                 "ours": "ours", "ours, no store": "ours_no_store"}  # fmt: skip
        cells = {label: of_task(replay, method, task, name) for label, method in shown.items()}
        rows[TITLES[task], title] = {label: written(cell, digits) for label, cell in cells.items()}
drawn(pd.DataFrame(rows).T)

# %% [markdown]
# ### Ours beside them: live
#
# Means over seeds ± half the 95 % interval. Figures of other models, rows and minutes than the paper's: only the
# differences between columns compare with it.

# %%
NAMED = {"nspe": "zero-shot", "warm_start": "original warm start", "warm_high_max": "original warm start",
         "warm_high_LIAR": "high-LIAR", "ours": "ours", "ours_no_store": "ours, no store"}  # fmt: skip
LIVE = {"best": ("peak F1", 3), "test": ("test F1", 3), "evaluation_seconds": ("seconds", 1),
        "error_ratio": ("error ratio", 3), "win_ratio": ("above the front", 3)}  # fmt: skip
rows = {}
for runs in searched.values():
    methods = [method for method in NAMED if any(run.method == method for run in runs)]
    for task in [task for task in TITLES if any(run.task == task for run in runs)]:
        for name, (title, digits) in LIVE.items():
            cells = {NAMED[method]: of_task(runs, method, task, name) for method in methods}
            if any(cell.n for cell in cells.values()):
                rows[TITLES[task], title] = {label: written(cell, digits) for label, cell in cells.items()}
drawn(pd.DataFrame(rows).T.fillna("")) if rows else "no live results are kept: run notebooks 06 and 07"

# %% [markdown]
# ## The figures
#
# Error ratio (each failure once) against mean time, one mark for each published run: nearly all warm starts fail less
# than zero-shot, and on LIAR, SST-2 and MELD their successes are quicker; on AG News and DROP not all are.

# %%
SHADES = {"zero-shot": VERMILION, "kNN-50": PURPLE, "warm start": ORANGE}
figure, axes = panels(2, 3, width=3.3, height=2.5)
for panel, task in zip(axes.flat, TITLES, strict=True):
    for family, part in table[table.task == task].groupby("family"):
        panel.plot(part.mean_seconds, part.corrected, "X" if family == "zero-shot" else "o", color=SHADES[family],
                   markersize=9 if family == "zero-shot" else 5.5, label=family)  # fmt: skip
    panel.set(title=TITLES[task], ylim=(0, 1))
for panel in axes[1]:
    panel.set_xlabel("mean seconds of a success")
for panel in axes[:, 0]:
    panel.set_ylabel("error ratio")
axes[0, 0].legend(fontsize=8, frameon=False, loc="upper left")
figure

# %% [markdown]
# ### The headline factors, published and measured
#
# Against zero-shot on the same task: change of the peak, and how many times lower the mean time and the error ratio
# are. Published: the best of the warm starts by that figure, one run each. Measured: means with 95 % intervals over
# seeds; the vertical line is zero-shot, the dashed ones the paper's 4.5 and 7. Where zero-shot had no failures there
# is no factor.


# %%
def times(runs: list[Run], method: str, task: str, figure: str) -> Estimate:
    """How many times lower than zero-shot: ratio of the sums over seeds, and its interval by leaving seeds out."""
    values = {m: {r.seed: r.figures[figure] for r in runs if (r.method, r.task) == (m, task)} for m in ("nspe", method)}
    seeds = sorted(s for s in values["nspe"].keys() & values[method].keys()
                   if np.isfinite([values["nspe"][s], values[method][s]]).all())  # fmt: skip
    zero, mine = (np.array([values[m][s] for s in seeds]) for m in ("nspe", method))
    if not mine.sum():
        return Estimate(mean=np.inf if zero.sum() else 1.0, low=np.nan, high=np.nan, n=len(seeds))
    kept = np.array([(zero.sum() - zero[i]) / max(mine.sum() - mine[i], 1e-9) for i in range(len(seeds))])
    spread = estimate(list(kept)).high - kept.mean() if len(seeds) > 1 else np.nan
    mean, half = zero.sum() / mine.sum(), spread * (len(seeds) - 1)  # the jackknife's
    return Estimate(mean=mean, low=max(mean - half, 0.0), high=mean + half, n=len(seeds))


SOURCES = [  # label, runs, method, figures for peak, seconds and errors
    ("warm start, replay", replay, "warm_high_LIAR", ("best@20", "evaluation_seconds", "error@20"), ORANGE, "o"),
    ("ours, replay", replay, "ours", ("best@20", "evaluation_seconds", "error@20"), BLUE, "o"),
]
for source, runs in searched.items():
    names = ("best", "evaluation_seconds", "error_ratio")
    SOURCES += [
        ("warm start, live", runs, WARM[source], names, ORANGE, "s"),
        ("ours, live", runs, "ours", names, BLUE, "s"),
    ]
PANELS = ("change of peak F1", "mean time, times lower", "error ratio, times lower")
LARGEST = 40.0  # of a factor; a run without failures stands here


def factor(runs: list[Run], method: str, task: str, names: tuple[str, str, str], place: int) -> Estimate:
    """One dot: change of the peak, or a factor."""
    if place == 0:
        return gaps([r for r in runs if r.task == task], method, "nspe", names[0])[task]
    return times(runs, method, task, names[place])


figure, axes = panels(1, 3, width=3.7, height=4.4)
for place, panel in enumerate(axes[0]):
    for row, task in enumerate(TITLES):
        part = table[table.task == task]
        zero, warm = part[part.family == "zero-shot"].iloc[0], part[part.family == "warm start"]
        told = (
            (warm.peak_f1.max() - zero.peak_f1) / (100 if task == "squad" else 1),
            zero.mean_seconds / warm.mean_seconds.min(),
            zero.corrected / warm.corrected.min(),
        )[place]
        panel.plot(
            told,
            row - 0.3,
            "D",
            markersize=6,
            color="white",
            markeredgecolor=LIGHT.text,
            label="published" if row == 0 else None,
        )
        for offset, (_, runs, method, names, colour, shape) in zip(
            np.linspace(-0.15, 0.3, len(SOURCES)), SOURCES, strict=True
        ):
            if not any((run.task, run.method) == (task, method) for run in runs):
                continue
            dot = factor(runs, method, task, names, place)
            if place and not dot.mean:
                continue
            if np.isfinite(dot.low):
                low, high = (dot.low, dot.high) if place == 0 else (max(dot.low, 0.2), min(dot.high, LARGEST))
                panel.plot([low, high], [row + offset] * 2, color=colour, linewidth=1.3)
            panel.plot(min(dot.mean, LARGEST), row + offset, shape, color=colour, markersize=5)
    panel.set_yticks(range(len(TITLES)), list(TITLES.values()) if place == 0 else [""] * len(TITLES))
    panel.set_ylim(len(TITLES) - 0.4, -0.6)
    panel.axvline(0 if place == 0 else 1, color=LIGHT.text, linewidth=0.9)
    panel.set_xlabel(PANELS[place])
    if not place:
        panel.set_xlim(-0.3, 0.65)
    else:
        panel.set_xscale("log")
        panel.set_xticks(
            [0.5, 1, 2, 5, 10, 20, LARGEST], ["0.5", "1", "2", "5", "10", "20", "no errors" if place == 2 else "40"]
        )
        panel.axvline((4.5, 7)[place - 1], color=LIGHT.faint, linewidth=1, linestyle="--")
for label, *_, colour, shape in {source[0]: source for source in SOURCES}.values():
    axes[0, 0].plot([], [], shape, color=colour, markersize=5, label=label)
figure.legend(*axes[0, 0].get_legend_handles_labels(), fontsize=8, loc="outside upper center", ncols=5, frameon=False)
figure

# %% [markdown]
# ## Claim by claim
#
# Every row is computed. The rules:
#
# - *reproduced*: the figure follows from the published tables, and what was measured over seeds agrees with it;
# - *with correction*: it follows from the tables, and what was measured points the same way but is smaller, or the
#   count behind it had to be mended;
# - *not reproduced*: what was measured does not point that way, or the definition does not measure what it says.
#
# "Measured" is the original's warm start: `high-LIAR`, one setting for all tasks and the one behind the headlines, in
# the replay; the variant with the highest published peak of each task in the live runs.


# %%
def evidence(
    figure_of: dict[str, str], method_of: dict[str, str], task_runs: dict[str, list[Run]]
) -> dict[str, Estimate]:
    """Each task's paired difference of warm start and zero-shot, in the replay and live."""
    found = {}
    for source, runs in task_runs.items():
        figure_name, method = figure_of[source], method_of[source]
        given = [r for r in runs if r.method in (method, "nspe") and np.isfinite(r.figures.get(figure_name, np.nan))]
        for task, gap in gaps(given, method, "nspe", figure_name).items():
            if gap.n:
                found[f"{TITLES.get(task, task)} ({source})"] = gap
    return found


BY = {"replay": replay, **{"live" if name.endswith("classification") else "live QA": r for name, r in searched.items()}}
METHOD = {"replay": "warm_high_LIAR", "live": "warm_start", "live QA": WARM["live_qa"]}
VERDICTS = ("reproduced", "reproduced with correction", "not reproduced")


def judged(is_published: bool, agrees: bool, points: bool) -> str:
    """The verdict by the rules above."""
    if is_published and agrees:
        return VERDICTS[0]
    return VERDICTS[1] if points else VERDICTS[2]


def counted(found: dict[str, Estimate]) -> tuple[int, int, int, str]:
    """Differences above 0, surely above, surely below, and all of them in words."""
    above, surely = sum(g.mean > 0 for g in found.values()), sum(g.low > 0 for g in found.values())
    below = sum(g.high < 0 for g in found.values())
    told = f"above on {above} of {len(found)}, beyond the interval on {surely}; below beyond it on {below}"
    return above, surely, below, told


def printed(notebook: str, pattern: str) -> tuple[str, ...]:
    """What an executed notebook printed.

    Raises:
        LookupError: It did not print that.
    """
    (path,) = HERE.glob(f"{notebook}_*.ipynb")
    outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
    text = "\n".join(str(out.get("text", "")) for out in outputs)
    if (match := re.search(pattern, text)) is None:
        raise LookupError(f"Notebook {notebook} printed nothing like {pattern!r}. Run it anew.")
    return match.groups()


claims: dict[str, dict[str, str]] = {}


def claim(name: str, *, says: str, measured: str, verdict: str, because: str) -> None:
    """Note a claim."""
    claims[name] = {"published": says, "measured here": measured, "verdict": verdict, "because": because}


# %% [markdown]
# ### The headlines

# %%
parts = [part for _, part in table.groupby("task", sort=False)]
pairs = [(part[part.family == "zero-shot"].iloc[0], part[part.family == "warm start"]) for part in parts]
higher = sum(warm.peak_f1.max() > zero.peak_f1 for zero, warm in pairs)
peaks = evidence({"replay": "best@20", "live": "best", "live QA": "best"}, METHOD, BY)
above, surely, below, told = counted(peaks)
claim(
    "peak F1 above zero-shot on five of six tasks",
    says=f"{higher} of {len(pairs)}, the best of nine (QA: three) single runs",
    measured=told,
    verdict=judged(higher == 5, surely > len(peaks) / 2, above > len(peaks) / 2 and below <= surely),
    because="the published cells are single runs, and the best of several variants; see the intervals above",
)

# %%
COLUMNS = {
    "mean evaluation time up to 4.5 times lower": ("mean_seconds", "evaluation_seconds", "evaluation_seconds", 4.5),
    "error ratio up to seven times lower": ("exact", "error@20", "error_ratio", 7.0),
}
for name, (column, in_replay, in_live, bar) in COLUMNS.items():
    factors = {zero.task: zero[column] / warm[column].min() for zero, warm in pairs}
    top = max(factors, key=lambda task: factors[task])
    found = {
        f"{TITLES.get(task, task)} ({source})": times(
            runs, METHOD[source], task, in_replay if source == "replay" else in_live
        )
        for source, runs in BY.items()
        for task in dict.fromkeys(run.task for run in runs)
    }
    finite = {key: one for key, one in found.items() if 0 < one.mean < np.inf}
    largest = max(finite, key=lambda key: finite[key].mean)
    lower, surely = sum(one.mean > 1 for one in found.values()), sum(one.low > 1 for one in found.values())
    once = max(zero.corrected / warm.corrected.min() for zero, warm in pairs)
    claim(
        name,
        says=f"{factors[top]:.2f} on {TITLES[top]}" + (f"; {once:.1f} with each failure once" if bar == 7 else ""),
        measured=f"at most {finite[largest].mean:.1f}, on {largest}; lower than zero-shot on {lower} of {len(found)}, "
        f"beyond the interval on {surely}",
        verdict=judged(round(factors[top], 1) >= bar, finite[largest].mean >= bar, lower > len(found) / 2),
        because="published: the best variant of several by this very figure, in single runs; the replay holds what was "
        "recorded, and live runs refuse for zero-shot too what cannot run",
    )

# %%
wins = evidence({"replay": "win_ratio", "live": "win_ratio", "live QA": "win_ratio"}, METHOD, BY)
above, surely, below, told = counted(wins)


def mean_win(runs: list[Run], method: str) -> float:
    """Mean win ratio of a method over all runs that have one."""
    return float(np.mean([r.figures["win_ratio"] for r in runs if r.method == method and "win_ratio" in r.figures]))


more = {
    source: mean_win(runs, METHOD[source]) / mean_win(runs, "nspe") - 1
    for source, runs in BY.items()
    if any("win_ratio" in run.figures for run in runs)
}
claim(
    "up to 50 % more pipelines above the zero-shot front",
    says="no table was released to check it on",
    measured=", ".join(f"{source} {value:+.0%}" for source, value in more.items()) + f"; {told}",
    verdict=judged(True, max(more.values()) >= 0.5 and surely > below, above > len(wins) / 2 and below == 0),
    because="the share of a warm start's trials that zero-shot's front of the same seed does not dominate, beside "
    "zero-shot's own share",
)

knn = [part for part in parts if (part.method == "kNN-50").any()]
worse = sum(
    part.peak_f1[part.method == "kNN-50"].item() < part.peak_f1[part.family == "zero-shot"].item() for part in knn
)
harm = gaps([r for r in replay if r.method in ("knn_50", "nspe")], "knn_50", "nspe", "best@20")
surely_below = sum(gap.high < 0 for gap in harm.values())
claim(
    "simpler memory-based baselines suffer negative transfer",
    says=f"kNN-50 ends below zero-shot on {worse} of {len(knn)} tasks",
    measured="; ".join(f"{TITLES[t]} {g.mean:+.3f} ({g.low:+.3f} to {g.high:+.3f})" for t, g in harm.items())
    + " (replay)",
    verdict=judged(True, surely_below > len(harm) / 2, surely_below > 0),
    because=f"below beyond the interval on {surely_below} of {len(harm)}; the published rows are one run each",
)

# %% [markdown]
# ### Tables, figures and definitions

# %%
same, rows_checked = printed("02", r"rows equal in every digit: (\d+) of (\d+)")
claim(
    "zero-shot rows of SST-2, MELD and AG News",
    says="three rows of the result tables",
    measured=f"{same} of {rows_checked} equal in every digit, from the released records (02)",
    verdict=judged(True, same == rows_checked, int(same) > 0),
    because="recomputed from the log entries of the first day",
)

warm = table[(table.family == "warm start") & ~table.task.isin(QA)]
even = int((warm.errors % 2 == 0).sum())
stand, released = printed("02", r"failures logged twice: (\d+) of (\d+)")
claim(
    "error ratios of the classification tables",
    says="error records over records",
    measured=f"{even} of {len(warm)} warm-start counts are even; {stand} of {released} released failures stand twice",
    verdict=judged(True, False, even == len(warm)),
    because="each failure was logged twice, but for kNN's; counted once in the tables above",
)

zeros = [TITLES[p.task.iloc[0]] for p in parts if p.loc[p.peak_f1.idxmax(), "hypervolume"] == 0]
volumes = {
    label: estimate(list(by_seed(replay, method, "hypervolume").values()))
    for label, method in (("zero-shot", "nspe"), ("high-LIAR", "warm_high_LIAR"), ("ours", "ours"))
}
claim(
    "hypervolume, and the ranks made with it",
    says="a hypervolume for each run",
    measured=f"0 for the run with the best F1 on {', '.join(zeros)}; with one reference point (replay): "
    + ", ".join(f"{label} {volume}" for label, volume in volumes.items()),
    verdict=judged(True, not zeros, False),
    because="F1 is negated twice, so that low F1 is rewarded, and each method has a reference point of its own",
)

# %%
vectors = pd.read_csv(RESULTS / "meta_features.csv").set_index("task")
recorded = {task: np.array(one.task.paper[:9]) for task, one in contexts().items()}
apart = {task: float(np.abs(vectors.loc[task].to_numpy()[:9] / known - 1).max()) for task, known in recorded.items()}
near = [task for task, gap in apart.items() if gap < 0.03]
claim(
    "ten meta-features of a task",
    says="vectors in the released records",
    measured="largest gap of the first nine: " + ", ".join(f"{TITLES[t]} {gap:.1%}" for t, gap in apart.items()),
    verdict=judged(True, len(near) == len(apart), bool(near)),
    because="LIAR's file was read with quotation marks that swallow rows (01); of AG News 37 % of the rows are at hand",
)

blind = {task: sum(VARIANTS[v].beta_scale == 0 for (own, _, _), v in NAMES.items() if own == task) for task in TITLES}
count = {task: sum(own == task for own, _, _ in NAMES) for task in TITLES}
claim(
    "experiences weigh by the similarity of task and machine",
    says="a kernel on distances of meta-features",
    measured="variants whose kernel is 1 at every distance: "
    + ", ".join(f"{TITLES[task]} {blind[task]} of {count[task]}" for task in TITLES),
    verdict=judged(True, sum(blind.values()) == 0, sum(blind.values()) < sum(count.values())),
    because="without `k=` in its name a variant's kernel is off; high-LIAR, behind the headlines, is one of them",
)

forecasts = pd.read_csv(RESULTS / "prior_forecasts.csv")
done = forecasts[forecasts.complete]
lost = {level: float((done[level] <= -999).mean()) for level in ("low", "moderate", "high")}
claim(
    "the update rules move the search to what worked",
    says="one move of the sampling model for each experience",
    measured="recorded successes that get probability 0: " + ", ".join(f"{k} {v:.0%}" for k, v in lost.items()),
    verdict=judged(True, max(lost.values()) == 0, min(lost.values()) < 0.5),
    because="negative rates drive weights below 0, which puts options out of reach (03)",
)

# %%
verdicts = pd.DataFrame(claims).T
MARKS = dict(zip(VERDICTS, ("✔", "≈", "✘"), strict=True))
drawn(verdicts.assign(verdict=[f"{MARKS[verdict]} **{verdict}**" for verdict in verdicts.verdict]))

# %%
print(verdicts.verdict.value_counts().reindex(VERDICTS, fill_value=0).to_string())

# %% [markdown]
# ## Is it surpassed?
#
# Ours held to the same headlines: in the replay against the original's best single setting, and live against the bars
# that were set before the runs.

# %%
rows = {}
for name, (title, _, more_is_better) in FIGURES.items():
    known = [run for run in replay if np.isfinite(run.figures[name])]
    means = {
        method: estimate(list(by_seed(known, method, name).values())) for method in ("ours", "warm_high_LIAR", "nspe")
    }
    rows[title] = {
        **dict(zip(("ours", "high-LIAR", "zero-shot"), map(str, means.values()), strict=True)),
        "ours minus high-LIAR": str(paired(known, "ours", "warm_high_LIAR", name)),
        "better is": "more" if more_is_better else "less",
    }
drawn(pd.DataFrame(rows).T)

# %%
rows = {}
for name, runs in searched.items():
    if {"ours", "nspe", WARM[name]} <= {run.method for run in runs}:
        for bar in bars(runs, warm_start=WARM[name]):
            verdict = "met" if bar.met else "**missed**"
            rows[name.removeprefix("live_"), bar.wanted] = {"measured": bar.measured, "verdict": verdict}
drawn(pd.DataFrame(rows).T) if rows else "no live results are kept: run notebooks 06 and 07"

# %% [markdown]
# Where a bar is missed, the notebook of those runs says why (06 for classification, 07 for question answering).
#
# ## What we learned
#
# - The published tables are consistent with the records that were released, and the headlines follow from the tables.
# - Two things had to be mended before rows compare: failures that count twice, and a hypervolume that rewards low F1.
# - A single run with one seed, and the best of nine variants, make large headlines; the verdicts above say where the
#   direction and where the size hold over seeds.
# - Ours is held to the same figures with the same seeds and the same store, and the table above says where it leads.
