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
# # 04 · The searches, replayed
#
# **Claims of the paper.** Against a zero-shot search of equal time, the warm-started search (1) finds a higher peak F1
# on five of six tasks, (2) has a mean evaluation time up to 4.5 times lower, (3) an error ratio up to seven times
# lower, and (4) up to 50 % more pipelines above the zero-shot front; and (5) simpler memory-based baselines (nearest
# neighbours) suffer negative transfer.
#
# **What we do here.** We check the claims on the published figures, corrected where notebook 02 found a flaw, and ask
# how far luck could produce them. Then we repeat the comparison as a *replay*: every method, ours and modern peers
# among them, searches the recorded trials of one task with the other tasks as its store, over ten seeds.

# %%
# %matplotlib inline
import functools
import json

import numpy as np
import pandas as pd
from paper import BLUE, COLOURS, LEVELS, PRIORS, RECORDED, ROOT, SMOKE, TITLES, dots, kept, panels, published, shared
from scipy.stats import t as student

from benchmarks.jobs import run_jobs
from benchmarks.recorded import read_trials
from benchmarks.replay import one
from benchmarks.tabled import name_of
from xautolm_nb.plots.theme import LIGHT, ORANGE, VERMILION

TRIALS = str(shared("experience", "xautolm_trials.parquet"))

# %% [markdown]
# ## The claims on the published figures
#
# One row for each task of the paper's result tables: zero-shot beside the *best* of its warm-start variants (nine for
# classification, three for question answering), by each figure of merit on its own. Error ratios are corrected to one
# count for each failure (notebook 02).


# %%
def headline(part: pd.DataFrame) -> pd.Series:
    """Zero-shot and the best warm start by each figure."""
    part = part.assign(failures=part.errors / (1 if part.task.iloc[0] in ("squad", "drop") else 2))
    part["corrected"] = part.failures / (part.failures + part.records - part.errors)
    zero, warm = part[part.method == "zero-shot"].iloc[0], part[~part.method.isin(["zero-shot", "kNN-50"])]
    peak = warm.loc[warm.peak_f1.idxmax()]
    return pd.Series({
        "peak F1, zero-shot": zero.peak_f1, "best warm start": peak.peak_f1, "which": peak.method,
        "change": peak.peak_f1 - zero.peak_f1, "time ratio": zero.mean_seconds / warm.mean_seconds.min(),
        "error ratio, published": zero.error_ratio / warm.error_ratio.min(),
        "corrected": zero.corrected / warm.corrected.min(),
    })  # fmt: skip


claims = pd.DataFrame({TITLES[task]: headline(part) for task, part in published().groupby("task", sort=False)}).T
claims.map(lambda value: f"{value:.4g}" if isinstance(value, float) else value)

# %%
print("peak F1 above zero-shot:", int((claims.change > 0).sum()), "of", len(claims))
print("largest time ratio:", f"{claims['time ratio'].max():.2f}", "on", claims["time ratio"].astype(float).idxmax())
for column in ("error ratio, published", "corrected"):
    ratios = claims[column].astype(float)
    print(f"largest ratio of error ratios, {column}: {ratios.max():.1f} on {ratios.idxmax()}")
knn = published().set_index(["task", "method"]).peak_f1.unstack().loc[["liar", *RECORDED]]
print(
    "kNN-50 minus zero-shot, peak F1:",
    ", ".join(f"{TITLES[t]} {d:+.4f}" for t, d in (knn["kNN-50"] - knn["zero-shot"]).items()),
)

# %% [markdown]
# As published, claims 1 to 3 follow from the tables, and kNN-50 ends below zero-shot on three tasks of four. But each
# cell is **one run with one seed**, and "the best warm start" is the best of nine, chosen for each task and figure
# after the fact, with validation scores. (Claim 4 has no published table that could be checked.)
#
# ### How much of it could be luck?
#
# Suppose that nine *zero-shot* searches were run beside the one, and the best were reported. We draw such searches
# from the recorded zero-shot trials (with replacement, as many as in the published row) and compare the best of nine
# with the first, 2,000 times:

# %%
recorded = {
    task: pd.DataFrame(
        [(r.experience.failure is not None, r.experience.seconds) for r in records], columns=["failed", "seconds"]
    )
    for task, records in read_trials(TRIALS).items()
}
rng = np.random.default_rng(0)
luck = {}
for task, size in (("sst2", 46), ("meld", 99), ("ag_news", 58)):
    table = recorded[task]
    draws = rng.integers(len(table), size=(200 if SMOKE else 2000, 10, size))
    errors = table.failed.to_numpy()[draws].mean(axis=2)
    times = np.nanmean(np.where(table.failed.to_numpy()[draws], np.nan, table.seconds.to_numpy()[draws]), axis=2)
    for name, value in (("time ratio", times), ("error ratio", errors)):
        gain = value[:, 0] / value[:, 1:].min(axis=1)
        luck[TITLES[task], name] = (np.median(gain), np.quantile(gain, 0.95))
shown = pd.DataFrame(luck, index=["by luck, median", "by luck, 95 % mark"]).T
actual = {"time ratio": claims["time ratio"], "error ratio": claims["corrected"]}
shown["published (corrected)"] = [actual[name][task] for task, name in shown.index]
shown.astype(float).round(2)

# %% [markdown]
# MELD's ratios are far beyond luck, and the error ratios of SST-2 and AG News are beyond it too. But the time ratios of
# SST-2 and AG News are what the best of nine equal searches would show, and everywhere a good part of the ratio is the
# choosing. So the question needs seeds.
#
# ## The replay
#
# The *pool* of a task is its recorded trials (SST-2 94, MELD 138, AG News 99). A method proposes one after the other;
# each proposal is answered by what was recorded, on a clock that runs by the recorded seconds. The *store* is a random
# 90 % of the other two tasks' trials. A method decides about 25 trials; figures are those of the first 10, 15 or 20.
# The rebuilt original draws from the pool by the probability of its sampling model (`benchmarks/replay.py`).
#
# A replay cannot show everything: no method can find what was never tried, so peaks end at the best recorded one; and
# whatever draws at random is as good here as the searches that made the pool.
#
# ### Run a little of it now
#
# Three methods, the same seeds as in the committed results: they should come out alike.


# %%
def frame(runs: list[dict]) -> pd.DataFrame:
    """One row for each run of a results file."""
    return pd.DataFrame([{**{k: run[k] for k in ("method", "task", "seed")}, **run["figures"]} for run in runs])


def replay(methods: list[str], tasks: tuple[str, ...], seeds: int, processes: int = 1) -> pd.DataFrame:
    """Run methods on tasks; the same figures as `python -m benchmarks.replay` writes."""
    jobs = [(method, task, seed) for seed in range(seeds) for task in tasks for method in methods]
    work = functools.partial(one, data=TRIALS, pool="full", store="honest", steps=25)
    runs = run_jobs("replay", jobs, work, settings={}, out=None, processes=processes)
    return frame([vars(run) for run in runs])


results = json.loads((ROOT / "benchmarks" / "results" / "replay_full.json").read_text())
full = frame(results["runs"]).astype({"evaluation_seconds": float})
now = replay(["nspe", "knn_50", "ours"], ("sst2",) if SMOKE else RECORDED, 1)
both = now.merge(full, on=["method", "task", "seed"], suffixes=("", " kept"))
for name in ("best@20", "error@20", "win_ratio", "evaluation_seconds"):
    both[f"{name} differs"] = (both[name] - both[f"{name} kept"]).abs() > 1e-3 * both[name].abs()
compared = both.groupby("method")[[name for name in both if name.endswith("differs")]].sum()
compared.assign(runs=both.groupby("method").size())

# %% [markdown]
# ### Ten seeds of every method
#
# The four figures of merit over the first 20 trials: peak F1, mean evaluation time, error ratio (each failure once)
# and win ratio (the share of trials that no trial of the zero-shot search's front dominates). Means of three tasks,
# 95 % intervals over ten seeds. The warm starts are the rebuilt original with its released rules ("LIAR": the one
# setting used on all tasks; seven seeds).


# %%
def variants() -> pd.DataFrame:
    """All nine variants of the original, as published and mended; about 10 minutes on two cores."""
    names = [f"warm_{level}_{prior}{mended}" for mended in ("", "_mended") for level in LEVELS for prior in PRIORS]
    return replay(names, RECORDED, 7, processes=2).round(5)


warm = kept("replay_variants", variants)
everything = pd.concat([full, warm[~warm.method.isin(full.method)]], ignore_index=True)
SHOWN = ["ours", "ours_no_store", "forest", "rgpe", "gp_full", "optuna_tpe", "knn_50", "knn_25", "best_of_store",
         "warm_low_LIAR", "warm_moderate_LIAR", "warm_high_LIAR", "nspe"]  # fmt: skip
MERITS = {"best@20": "peak F1 (more is better)", "evaluation_seconds": "mean evaluation time (s, less)",
          "error@20": "error ratio (less)", "win_ratio": "win ratio (more)"}  # fmt: skip
print({name: int((everything.method == name).sum()) for name in SHOWN})


# %%
def over_seeds(method: str, figure_name: str, task: str | None = None) -> tuple[float, float, float]:
    """Mean over tasks (or of one) and its 95 % interval over seeds."""
    part = everything[(everything.method == method) & (everything.task == (task or everything.task))]
    values = part.groupby("seed")[figure_name].mean()
    half = student.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


def paired(one_method: str, other: str, figure_name: str, task: str) -> tuple[float, float, float]:
    """Mean difference over the seeds both have, with its 95 % interval."""
    table = everything[everything.task == task].pivot(index="seed", columns="method", values=figure_name)
    gap = (table[one_method] - table[other]).dropna()
    half = student.ppf(0.975, len(gap) - 1) * gap.std() / np.sqrt(len(gap))
    return gap.mean(), gap.mean() - half, gap.mean() + half


def named(method: str) -> str:
    """A method as people read it."""
    if method in ("knn_25", "knn_50", "nspe"):
        return {"nspe": "zero-shot (NSPE)"}.get(method, f"kNN-{method[-2:]}")
    return (
        method.replace("warm_", "warm start ").replace("_LIAR", "-LIAR")
        if method.startswith("warm_")
        else name_of(method)
    )


figure, axes = panels(1, 4, width=2.9, height=3.6)
for panel, (name, title) in zip(axes[0], MERITS.items(), strict=True):
    means, lows, highs = zip(*(over_seeds(method, name) for method in SHOWN), strict=True)
    shades = [
        BLUE if m.startswith("ours") else ORANGE if m.startswith(("warm", "knn", "nspe")) else LIGHT.faint
        for m in SHOWN
    ]
    dots(panel, [named(m) for m in SHOWN] if name == "best@20" else [""] * len(SHOWN), means, lows, highs, shades)
    panel.set_xlabel(title)
figure

# %% [markdown]
# Blue: ours; orange: the paper's methods; grey: peers. A run without any success has no evaluation time; the mean is
# then over the other tasks of its seed.


# %%
def written(method: str, name: str) -> str:
    """A mean and half its interval."""
    mean, _, high = over_seeds(method, name)
    digits = 0 if name == "evaluation_seconds" else 3
    return f"{mean:.{digits}f} ± {high - mean:.{digits}f}"


rows = {named(method): {title: written(method, name) for name, title in MERITS.items()} for method in SHOWN}
pd.DataFrame(rows).T

# %%
for name in ("error@20", "error@10", "evaluation_seconds"):
    zero, mine, theirs = (over_seeds(m, name)[0] for m in ("nspe", "ours", "warm_high_LIAR"))
    print(f"{name:20} zero-shot / ours {zero / mine:.1f}, zero-shot / warm start high-LIAR {zero / theirs:.1f}")
best = over_seeds("ours", "best@20")[0] - over_seeds("nspe", "best@20")[0]
missing = [1 - over_seeds("ours", "best@20", t)[0] / full[full.task == t]["best@20"].max() for t in RECORDED]
print(f"peak F1 of 20 trials: ours above zero-shot by {best:.3f}, below the best recorded by {np.mean(missing):.1%}")

# %%
for name in ("best@5", "best@20", "error@20", "area"):
    gaps = np.mean([paired("ours", "ours_no_store", name, task) for task in RECORDED], axis=0)
    print(f"{name:9} ours with the store minus without: {gaps[0]:+.3f} ({gaps[1]:+.3f} to {gaps[2]:+.3f})")

# %% [markdown]
# (`area` is the mean over the first eight hours of the best score so far, as a share of the best recorded. Intervals
# are means of the three tasks' intervals, so rather too wide.)
#
# ### By task
#
# Dashed: the best recorded score.

# %%
few = ["ours", "ours_no_store", "rgpe", "knn_50", "warm_low_LIAR", "warm_moderate_LIAR", "warm_high_LIAR", "nspe"]
figure, axes = panels(1, 3, width=3.3, height=2.7)
for panel, task in zip(axes[0], RECORDED, strict=True):
    means, lows, highs = zip(*(over_seeds(method, "best@20", task) for method in few), strict=True)
    dots(panel, [named(m) for m in few] if task == RECORDED[0] else [""] * len(few), means, lows, highs,
         [BLUE if m.startswith("ours") else LIGHT.faint if m == "rgpe" else ORANGE for m in few])  # fmt: skip
    panel.axvline(full[full.task == task]["best@20"].max(), color=LIGHT.faint, linewidth=1, linestyle="--")
    panel.set(title=TITLES[task], xlabel="peak F1 of 20 trials")
figure

# %% [markdown]
# ## Negative transfer of nearest neighbours: confirmed or refuted?
#
# The same seeds, kNN minus zero-shot, task by task (positive: kNN finds more within 20 trials):


# %%
rows = {
    (name, TITLES[task]): paired(name, "nspe", "best@20", task)
    for name in ("knn_25", "knn_50", "warm_high_LIAR")
    for task in RECORDED
}
figure, axes = panels(width=5.2, height=2.9)
panel = axes[0, 0]
shades = [COLOURS[task] for _ in range(3) for task in RECORDED]
dots(panel, [f"{named(m)}, {task}" for m, task in rows], *zip(*rows.values(), strict=True), shades)
panel.axvline(0, color=LIGHT.text, linewidth=0.9)
panel.set(xlabel="difference to zero-shot in peak F1 of 20 trials")
figure

# %%
harm = [f"{name} on {task}" for (name, task), (mean, low, high) in rows.items() if high < 0]
gain = [f"{name} on {task}" for (name, task), (mean, low, high) in rows.items() if low > 0]
print("significantly below zero-shot:", ", ".join(harm) or "none")
print("significantly above zero-shot:", ", ".join(gain) or "none")

# %% [markdown]
# In the replay the nearest-neighbour baseline does **not** harm: on no task is it below zero-shot. What the paper saw
# is one run for each task, and in three of four a peak below that of a zero-shot run that was itself one draw. We
# call claim 5 not confirmed. (The replay cannot show everything: in the open space the tilted prior may lead to
# regions the pool does not have.)
#
# ## Low, moderate, high; as published and mended
#
# All nine variants on three tasks:

# %%
print("seeds:", warm.seed.nunique())
parts = warm.method.str.extract(r"warm_(?P<level>[a-z]+)_(?P<prior>[A-Za-z]+?)(?P<mended>_mended)?$")
graded = warm.assign(level=parts.level, rules=np.where(parts.mended.isna(), "as published", "mended"))
graded = graded.groupby(["level", "rules"])[list(MERITS)].mean().loc[list(LEVELS)]
graded.round(3)

# %%
figure, axes = panels(1, 2, width=3.6, height=2.7)
zero = {name: over_seeds("nspe", name)[0] for name in ("error@20", "best@20")}
for panel, name in zip(axes[0], ("error@20", "best@20"), strict=True):
    for rules, colour, shape in (("as published", VERMILION, "o"), ("mended", BLUE, "s")):
        panel.plot(range(3), graded.xs(rules, level="rules")[name], f"-{shape}", color=colour, label=rules)
    panel.axhline(zero[name], color=LIGHT.text, linewidth=1, linestyle="--", label="zero-shot")
    panel.set_xticks(range(3), LEVELS)
    panel.set(xlabel="level of the warm start", ylabel=MERITS[name])
axes[0, 0].legend(fontsize=8, frameon=False)
figure

# %% [markdown]
# ## The error ratio, counted both ways
#
# Had our trials been logged as the original's (failures twice), the same searches would read:

# %%
rows = {}
for method in ("nspe", "knn_50", "warm_high_LIAR", "ours"):
    ratio = over_seeds(method, "error@20")[0]
    rows[named(method)] = {"each failure once": ratio, "failures twice, as published": 2 * ratio / (1 + ratio)}
pd.DataFrame(rows).T.round(3)

# %% [markdown]
# ## What we learned
#
# - The paper's headline figures follow from its tables, but they are the best of nine single runs. In time on SST-2 and
#   AG News luck alone would do; on MELD it would not.
# - Replayed over seeds on the same trials, the rebuilt warm start has fewer failures than zero-shot and finds more.
#   The gain is real and much smaller than the best of nine suggests.
# - Nearest neighbours did not suffer from negative transfer here.
# - Ours fails least and finds the best recorded score of each task within 20 trials. Most of its lead does not come
#   from the store: without one it is as good after 20 trials, as physics and typed failures do the work. The store adds
#   a slightly better start, and here costs a few failures more.
# - The mean evaluation time of ours is lower than zero-shot's, but not 4.5 times: our search looks for the score, not
#   for short trials (`objectives=("f1", "seconds")` looks for both).
#
# **Not reproduced:** LIAR, SQuAD and DROP (no released trials); absolute peaks above the recorded ones; the 24-hour
# protocol. Those need live runs (notebooks 06 and 07).
