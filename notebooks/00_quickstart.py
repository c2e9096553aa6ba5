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
# # Quick start: a tuned text classifier in five minutes
#
# **Claim.** Give `tune` a table of texts and labels and a time budget. It chooses a pretrained model, a way of
# fine-tuning it and all hyperparameters *together*, learns from every search you have run before, and hands back
# a model, scored on untouched data beside what you could have had without a search.
#
# Everything here runs offline on a laptop's CPU. `make demo` runs this notebook without a browser.

# %%
# %matplotlib inline
import os
from pathlib import Path

import pandas as pd
from docstrings import load_docstrings, versions
from sklearn.metrics import f1_score
from transformers import pipeline

from xautolm_nb import tune

BUDGET = os.environ.get("XAUTOLM_DEMO_BUDGET", "5m")

# %% [markdown]
# ## The problem
#
# *Which library does this docstring come from?* Eight scientific libraries, one sentence or two of prose each,
# and every name that would give the answer away is replaced by the word "something". "Uses Johnson's
# algorithm to compute shortest paths" is networkx, "Add one or more expressions following a statement" is
# sqlalchemy: one has to know what the words mean, and 80 examples per library are too few to learn that from
# scratch. That is where pretraining pays.
#
# ## The data
#
# They are made here and now from the libraries installed beside this package (`notebooks/docstrings.py` says
# how), so there is nothing to download. The column `module` names the source file a text comes from.

# %%
frame = load_docstrings()
print(f"{len(frame)} docstrings of", ", ".join(f"{name} {number}" for name, number in versions().items()))
frame.groupby("library").sample(1, random_state=7)

# %% [markdown]
# ## The search
#
# `group="module"` keeps all texts of a source file in the same split; otherwise neighbours would leak from
# training to test. Half of the data are kept for the last comparison, so that its outcome is no luck; that makes
# training data scarce, as they mostly are. The budget is wall-clock time. What counts is the score;
# `objectives=("f1", "seconds")` would search the front of score against training time instead.
#
# The cell returns at once. Training happens in another process; the notebook stays free, and `session.pause()`,
# `session.resume()` and `session.stop()` work at any time.

# %%
session = tune(
    frame,
    text="text",
    label="library",
    group="module",
    validation=0.25,
    test=0.5,
    budget=BUDGET,
    name="docstrings",
)

# %% [markdown]
# `wait()` is only needed where the next cell wants the final result, as here.

# %%
session.wait()
session

# %% [markdown]
# ## What was tried
#
# One row per trial: the share of its full training run it got (its fidelity), the validation score, the seconds,
# and for a failed trial the reason. Most trials are stopped early, on purpose: time goes to the promising ones.

# %%
session.trials

# %%
session.best

# %% [markdown]
# The trials no other beats in both score and seconds, the Pareto front:

# %%
session.pareto

# %% [markdown]
# ## Against honest references, on untouched data
#
# The best pipeline was chosen on the validation split. Here it meets the test split for the first time, beside
# the majority class, TF-IDF with a tuned logistic regression, and the default fine-tuning that one would write by
# hand (trained now, for comparison).

# %%
report = session.report(default=True)
report

# %% [markdown]
# ## Figures
#
# Best score over time, score against seconds with the Pareto front, and the learning curves.

# %%
session.figures()

# %% [markdown]
# ## What past experience contributed
#
# Every trial, of this and of any earlier search, lies in the experience store with a description of its task and
# machine. A new search starts from what worked, what was slow and what failed on similar tasks. In an empty store
# there is nothing to learn from, and the search says so; run this notebook twice and look again.

# %%
pd.Series(dict(session.prior), name="prior", dtype=object).to_frame()

# %%
session.trials["reason"].to_frame()

# %% [markdown]
# ## Where everything is
#
# The store is one SQLite file; data, logs and the best checkpoints lie in the study's folder. Your data never
# leave this machine.

# %%
pd.Series({**session.places, "best weights": report.places["best weights"]}, name="place").to_frame()

# %% [markdown]
# ## Take the model with you
#
# `export` writes safetensors, tokenizer, label names and a model card. The folder needs only `transformers`, in
# three lines:

# %%
folder = session.export(Path("exported-model") / session.id)
sorted(file.name for file in folder.iterdir())

# %%
classify = pipeline("text-classification", str(folder), device="cpu")
classify("Compute the shortest path between two nodes.")

# %% [markdown]
# The exported folder gives the reported score back:

# %%
test = pd.read_parquet(session.record.task.file("test"))
labels = session.record.task.labels
predicted = [answer["label"] for answer in classify(test["text"].tolist(), batch_size=32)]
exported_f1 = f1_score([labels[index] for index in test["label"]], predicted, average="macro")
print(f"reported {report.test_f1:.4f}, exported folder {exported_f1:.4f}")

# %% [markdown]
# ## What we learned
#
# - Three lines from table to tuned model: `tune`, `report`, `export`.
# - The comparison that counts is on data nobody chose anything by, next to references that cost nothing.
# - The time is not lost when the notebook is: `from xautolm_nb import attach; session = attach()` shows the
#   search again, from any process, and `session.resume(budget="10m")` goes on with it.
# - The next search on a similar task starts where this one ended.
