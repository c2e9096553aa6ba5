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
# # 05 · What freezing and thawing saves
#
# **Where the paper stops.** Every trial of the original trains on all data for all epochs, twice. A hopeless trial runs
# to its end or to the time limit; timeouts are a quarter of all failures (notebook 02).
#
# **Our claim.** A trial should be paused at checkpoints, and the next unit of time given to the trial, old or new, that
# promises most. How much that saves can be measured without training anything, on learning curves that others
# recorded: every configuration can be "paused" wherever its curve has a point.

# %%
# %matplotlib inline
import functools
import json

import numpy as np
import pandas as pd
from paper import BLUE, GREEN, PURPLE, ROOT, SMOKE, kept, panels, shared
from scipy.stats import spearmanr

from benchmarks.curves import CHANCE_LOSS, STORES, one
from benchmarks.curves_of import read_curves
from benchmarks.jobs import run_jobs
from benchmarks.recorded import read_trials
from benchmarks.tabled import name_of
from xautolm_nb.plots.theme import LIGHT, ORANGE, VERMILION

# %% [markdown]
# ## The data
#
# - **TaskSet**: recurrent text classifiers on IMDB, 8 tasks × 1,000 optimizer settings × 51 epochs (validation loss).
# - **NMTLC**: LoRA fine-tuning of language models for translation, 162 runs, French to English (validation BLEU).
#
# A value that is not finite ends a curve; what counts is the best so far, and a loss is capped at 5.

# %%
taskset = read_curves(shared("benchmarks", "taskset_text.parquet"))
translation = read_curves(shared("benchmarks", "nmtlc_fr-en.parquet"))
losses = {task: np.array([values for _, values in runs.values()]) for task, runs in taskset.runs.items()}
bleu = [values for _, values in translation.runs["fr-en"].values()]
stuck = {task: float((values[:, -1] > CHANCE_LOSS - 0.005).mean()) for task, values in losses.items()}
print(f"{len(losses)} tasks of {len(next(iter(losses.values())))} curves, {len(bleu)} curves of translation")
print(f"curves that end no better than a coin: {min(stuck.values()):.0%} to {max(stuck.values()):.0%} of a task")

# %%
EXAMPLE = "patch32_GRU128_bs128"
rng = np.random.default_rng(0)
figure, axes = panels(1, 2, width=4.1, height=3.0)
chosen = losses[EXAMPLE][rng.choice(1000, 40, replace=False)]
good = np.argsort(chosen[:, -1])[:5]
for row, values in enumerate(chosen):
    style = (
        {"color": BLUE, "linewidth": 1.6, "zorder": 3}
        if row in good
        else {"color": LIGHT.faint, "linewidth": 0.7, "alpha": 0.7}
    )
    axes[0, 0].plot(np.arange(1, 52), np.minimum(values, 1.0), **style)
axes[0, 0].axhline(CHANCE_LOSS, color=VERMILION, linewidth=1, linestyle="--")
axes[0, 0].set(xlabel="epoch", ylabel="best validation loss so far", title="40 of 1,000 settings (dashed: a coin)")
ends = np.array([values[-1] for values in bleu])
for values in sorted(bleu, key=lambda values: values[-1])[::-3][::-1]:
    is_good = values[-1] >= np.sort(ends)[-5]
    axes[0, 1].plot(np.arange(1, len(values) + 1) / len(values), values, color=BLUE if is_good else LIGHT.faint,
                    linewidth=1.6 if is_good else 0.7, alpha=1.0 if is_good else 0.7)  # fmt: skip
axes[0, 1].set(xlabel="share of the full run", ylabel="best BLEU so far", title="54 of 162 LoRA fine-tunings")
figure

# %% [markdown]
# The best five of each (blue) mostly show early, but not at once: in classification all sit at the coin's
# loss for a while.
#
# ## How early can one tell?
#
# The rank correlation of the value at a checkpoint with the final one, over the configurations of a task that end
# better than a coin; and how often the configuration that ends best is among the best tenth at that time.

# %%
FIDELITIES = np.array([1 / 51, 2 / 51, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0])


def value_at(values: np.ndarray, fidelity: float) -> float:
    """The curve at a share of its length."""
    return float(values[max(1, round(fidelity * len(values))) - 1])


def foresight(curves: list[np.ndarray], sign: float) -> pd.DataFrame:
    """Rank correlation with the end, and the share of the final best 5 that are in the best tenth, by checkpoint."""
    last = sign * np.array([values[-1] for values in curves])
    top = np.argsort(-last)[:5]
    found = []
    for fidelity in FIDELITIES:
        here = sign * np.array([value_at(values, fidelity) for values in curves])
        found.append((spearmanr(here, last).statistic, float((here[top] >= np.quantile(here, 0.9)).mean())))
    return pd.DataFrame(found, columns=["rank correlation", "best five in the best tenth"], index=FIDELITIES)


early = {task: foresight([v for v in values if v[-1] < CHANCE_LOSS - 0.005], -1.0) for task, values in losses.items()}
early["translation"] = foresight(bleu, 1.0)

# %%
figure, axes = panels(1, 2, width=4.1, height=3.0, sharex=True)
for panel, column in zip(axes[0], ("rank correlation", "best five in the best tenth"), strict=True):
    for task, table in early.items():
        is_bleu = task == "translation"
        panel.plot(
            table.index,
            table[column],
            color=ORANGE if is_bleu else BLUE,
            linewidth=2 if is_bleu else 1,
            alpha=1 if is_bleu else 0.6,
        )
    panel.set(xscale="log", xlabel="share of the full run", ylabel=column, ylim=(0, 1.03))
    panel.set_xticks([1 / 51, 1 / 16, 1 / 4, 1], ["1/51", "1/16", "1/4", "1"])
    panel.minorticks_off()
axes[0, 0].annotate("8 tasks of TaskSet", (0.3, 0.62), color=BLUE, fontsize=8.5)
axes[0, 0].annotate("translation", (0.3, 0.52), color=ORANGE, fontsize=8.5)
figure

# %%
middle = pd.concat({t: e for t, e in early.items() if t != "translation"}).groupby(level=1).median()
for name, table in (("TaskSet (median of 8)", middle), ("translation", early["translation"])):
    print(
        f"{name:22}",
        ", ".join(
            f"{share:.2f} of the run: {table.loc[share, 'rank correlation']:.2f}"
            for share in (1 / 16, 1 / 8, 1 / 4, 1 / 2)
        ),
    )

# %% [markdown]
# So an early value says much and not all: enough to stop the clear losers, too little to pick the winner. That is what
# halving does.
#
# ## Halving, the simplest saving
#
# Begin many configurations, keep the best third at 2, 6 and 17 epochs, and finish what is left. Against full runs of
# random configurations, at equal cost (epochs), by the *regret*: 0 is the best of the task, 1 a coin.


# %%
def halving(values: np.ndarray, begun: int) -> tuple[float, float]:
    """Cost in full runs, and the best final value, of one bracket over random configurations."""
    rows = rng.choice(len(values), begun, replace=False)
    epochs = begun * 2
    for rung, before in ((6, 2), (17, 6), (51, 17)):
        rows = rows[np.argsort(values[rows, before - 1])[: max(1, len(rows) // 3)]]
        epochs += len(rows) * (rung - before)
    return epochs / 51, float(values[rows, -1].min())


def regret(values: np.ndarray, best: float) -> float:
    """0 for the best of the task, 1 for no better than a coin."""
    top = values[:, -1].min()
    return (min(best, CHANCE_LOSS) - top) / (CHANCE_LOSS - top)


REPEATS = 30 if SMOKE else 200
rows = []
for task, values in losses.items():
    for begun in (9, 27, 81, 162):
        for _ in range(REPEATS):
            cost, best = halving(values, begun)
            rows.append((task, "halving", begun, cost, regret(values, best)))
            whole = values[rng.choice(len(values), max(1, round(cost)), replace=False), -1].min()
            rows.append((task, "full runs", begun, max(1, round(cost)), regret(values, float(whole))))
simple = pd.DataFrame(rows, columns=["task", "method", "begun", "cost", "regret"])

# %%
figure, axes = panels(width=5.0, height=3.2)
panel = axes[0, 0]
means = simple.groupby(["method", "begun", "task"])[["cost", "regret"]].mean().groupby(level=[0, 1])
centre, error = means.mean(), means.sem()
for method, colour in (("full runs", LIGHT.faint), ("halving", BLUE)):
    part = centre.loc[method]
    panel.errorbar(
        part.cost, part.regret, yerr=1.96 * error.loc[method].regret, fmt="-o", color=colour, label=method, capsize=2
    )
panel.set(xscale="log", xlabel="cost in full runs", ylabel="regret (mean of 8 tasks)", ylim=(0, 1))
panel.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
panel.minorticks_off()
panel.legend(fontsize=8.5, frameon=False)
figure

# %%
table = centre.regret.unstack(level=0)
table["cost in full runs"] = centre.loc["halving"].cost
print(table.round(3).to_string())
print("95 % intervals in the figure are over tasks, with means of", REPEATS, "repeats each")

# %% [markdown]
# ## Freeze and thaw, with a store
#
# Halving takes configurations as they come and knows rungs only. Our search adds a model of curves and a store: it
# proposes new configurations or thaws paused ones by what they promise at the end of the run. A small case now: each
# of the 8 tasks is searched with 30 recorded runs of each other task as the store, one seed, up to 5 full runs' worth.


# %%
def small_case(tasks: tuple[str, ...], budgets: tuple[int, ...]) -> pd.DataFrame:
    """Four methods on some tasks, one seed; about ten minutes for all."""
    data = str(shared("benchmarks", "taskset_text.parquet"))
    jobs = [(method, task, 0) for method in ("random", "asha", "asha_store", "ours") for task in tasks]
    work = functools.partial(one, data=data, store="thin", budgets=budgets)
    runs = run_jobs("curves", jobs, work, settings={}, out=None, processes=1 if SMOKE else 2)
    return pd.DataFrame([{"method": r.method, "task": r.task, "seed": r.seed, **r.figures} for r in runs]).round(5)


small = kept("curves_small", lambda: small_case(taskset.tasks, (2, 5)))
if SMOKE:
    again = small_case((EXAMPLE,), (2,)).merge(small, on=["method", "task", "seed"], suffixes=("", " kept"))
    print(
        "regret after 2 full runs, now and kept:",
        again[["method", "regret@2", "regret@2 kept"]].round(3).values.tolist(),
    )
small.groupby("method")[["regret@2", "regret@5", "begun", "finished"]].mean().loc[
    ["random", "asha", "asha_store", "ours"]
].round(3)

# %% [markdown]
# ## Many seeds
#
# The benchmark repeats this over seeds, budgets up to 20 full runs, and other stores, misleading ones among them:
#
# ```bash
# python -m benchmarks.curves --data DATA/taskset_text.parquet --methods ours,asha,asha_store,bohb,hyperband,random \
#     --store thin --seeds 5 --json benchmarks/results/curves_thin.json
# ```
#
# What is committed of it is drawn here.


# %%
def committed() -> pd.DataFrame:
    """All committed runs of the benchmark of curves."""
    rows = []
    for place in sorted((ROOT / "benchmarks" / "results").glob("curves_*.json")):
        document = json.loads(place.read_text())
        for run in document["runs"]:
            where = {"data": document["settings"]["data"].split(".")[0], "store": document["settings"]["store"]}
            rows.append({**where, **{k: run[k] for k in ("method", "task", "seed")}, **run["figures"]})
    return pd.DataFrame(rows)


many = committed()
if len(many):
    print(
        many.groupby(["data", "store"]).agg(
            methods=("method", "nunique"), tasks=("task", "nunique"), seeds=("seed", "nunique")
        )
    )
else:
    print("No results of many seeds are committed yet: the command above makes them. The figure shows the small case.")
    many = small.assign(data="taskset_text", store="thin")

# %%
SHADES = {
    "ours": BLUE,
    "ours_no_store": "#56B4E9",
    "asha": VERMILION,
    "asha_store": ORANGE,
    "bohb": GREEN,
    "hyperband": PURPLE,
}
pairs = sorted(
    set(zip(many["data"], many.store, strict=True)), key=lambda pair: (pair[0] != "taskset_text", STORES.index(pair[1]))
)
columns = min(3, len(pairs))
figure, axes = panels(-(-len(pairs) // columns), columns, width=3.9, height=3.0, sharey=True)
for panel, (data, store) in zip(axes.flat, pairs, strict=False):
    part = many[(many["data"] == data) & (many.store == store)]
    budgets = sorted(int(name.split("@")[1]) for name in part.dropna(axis=1, how="all") if name.startswith("regret@"))
    for method, mine in part.groupby("method"):
        seeds = mine.groupby("seed")[[f"regret@{b}" for b in budgets]].mean()
        half = 1.96 * seeds.sem().fillna(0.0)
        style = {"fmt": "-o", "markersize": 4, "linewidth": 1.5, "color": SHADES.get(method, LIGHT.faint)}
        panel.errorbar(budgets, seeds.mean(), yerr=half, label=name_of(method), **style)
    panel.set(xscale="log", xlabel="budget in full runs", ylim=(0, 1.03))
    panel.set_title(f"{data.split('_')[0]}, store: {store}", loc="left")
    panel.set_xticks(budgets, [str(b) for b in budgets])
    panel.minorticks_off()
for panel in list(axes.flat)[len(pairs) :]:
    panel.set_visible(False)
axes.flat[0].set_ylabel("regret (mean of tasks)")
axes.flat[columns - 1].legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
figure

# %%
last = [name for name in many if name.startswith("regret@")]
summary = many.groupby(["data", "store", "method"])[last].mean().round(3)
summary

# %% [markdown]
# ## What it would have saved the original
#
# The released searches spent most of their hours on trials that gave nothing. From the recorded clock:

# %%
hours = []
for records in read_trials(shared("experience", "xautolm_trials.parquet")).values():
    best = np.maximum.accumulate([record.experience.score or 0.0 for record in records])
    for record, before in zip(records, [0.0, *best[:-1]], strict=True):
        outcome = (
            "failed"
            if record.experience.failure
            else "improved"
            if record.experience.score > before
            else "did not improve"
        )
        hours.append((record.experience.task_name, outcome, record.wall / 3600))
hours = pd.DataFrame(hours, columns=["task", "outcome", "hours"]).pivot_table(
    index="task", columns="outcome", values="hours", aggfunc="sum"
)
hours.assign(total=hours.sum(axis=1), useful=(hours.improved / hours.sum(axis=1)).map("{:.0%}".format)).round(1)

# %% [markdown]
# ## What we learned
#
# - A value at a quarter of the run ranks configurations well enough to drop most of them, not well enough to choose.
# - Halving alone reaches with a few full runs' worth of training what full runs do not reach with the same.
# - The order in which configurations are begun matters as much: with a store, halving in its order is a strong rival of
#   any model. Whether a search survives a store that misleads is a question for the benchmark (stores `inverted` and
#   `permuted`); its panels appear above once its results are committed.
# - The original gave one hour in twenty to trials that improved on what it had.
#
# **Limits.** The curves are of recurrent networks and of translation, not of the paper's tasks, whose curves were never
# recorded. One seed (the small case) is an illustration; the benchmark's intervals are the evidence.
