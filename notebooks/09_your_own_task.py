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
# # 09 · Your own task
#
# How to bring what is yours: data, models, past experience, limits; then your own optimizer, and your own fine-tuning
# method. Everything runs here, offline, on a CPU; nothing is left outside a temporary folder.

# %%
# %matplotlib inline
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset
from docstrings import load_docstrings
from paper import SMOKE
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

import xautolm_nb
from xautolm_nb import ExperienceStore, SearchRequest, XAutoLMError, tune
from xautolm_nb.core.config import config_key
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.ranking import ranking
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.metafeatures import describe_texts, probe_system
from xautolm_nb.request import create_study, wire
from xautolm_nb.space import SearchSpace, discover_models, fit_table
from xautolm_nb.space.pool import pool_entry
from xautolm_nb.store import export_parquet, import_path, merge
from xautolm_nb.study import Budget, search
from xautolm_nb.tasks import TaskWarning, prepare_task

warnings.simplefilter("ignore", TaskWarning)  # what is noticed about the data is printed below
logging.set_verbosity_error()
logging.disable_progress_bar()
WORK = Path(tempfile.mkdtemp())
os.environ["XAUTOLM_HOME"] = str(WORK / "home")  # what this notebook does stays out of your own store


def short(model):
    """A model's id without the folders."""
    return Path(model).name


# %% [markdown]
# ## Data
#
# A task is a text column, or two, and a target. `prepare_task` is what `tune` does first: it finds the columns, tells
# the kind of task, checks every row, cuts the splits that are missing, and says what it noticed. Nothing is trained.

# %%
docs = load_docstrings()  # texts, and which of eight libraries they come from; here, three of them
docs = docs[docs.library.isin(["matplotlib", "networkx", "sqlalchemy"])].reset_index(drop=True)


def understood(data, **options):
    """What a task is made of some data."""
    task, report = prepare_task(data, folder=Path(tempfile.mkdtemp(dir=WORK)), **options)
    rows = " + ".join(f"{count} {split}" for split, count in task.rows.items())
    for note in report.notes:
        print(note)
    return {"kind": task.kind, "text": ", ".join(task.text), "label": task.label, "metric": task.metric.name,
            "rows": rows}  # fmt: skip


docs[["text", "library"]].to_csv(WORK / "docs.csv", index=False)
docs.to_parquet(WORK / "docs.parquet")
places = ["the old mill", "the harbour", "a red barn", "the long lake", "the north gate", "the town hall"]
animals = ["heron", "badger", "otter", "goat", "horse", "mouse", "trout", "eagle", "lynx", "hare"]
pairs = pd.DataFrame(
    [
        {"premise": f"The {animal} sleeps near {place}.", "hypothesis": f"It is a {other}.", "label": animal == other}
        for place in places
        for animal in animals
        for other in (animal, animals[len(place) % 10])
    ]
)
pairs["label"] = pairs["label"].map({True: "follows", False: "does not"})
asked = pd.DataFrame(
    [
        {"context": f"At dawn the {animal} walks to {place} and drinks.", "question": f"Where does the {animal} walk?",
         "answers": [place]}
        for animal in animals
        for place in places
    ]
)  # fmt: skip
forms = {
    "a DataFrame": understood(docs, text="text", label="library", group="module"),
    "a CSV file": understood(WORK / "docs.csv"),
    "a Parquet file": understood(str(WORK / "docs.parquet"), text="text", label="library"),
    "a datasets.Dataset": understood(Dataset.from_pandas(docs), text="text", label="library"),
    "splits of your own": understood({"train": docs[::2], "test": docs[1::2]}, text="text", label="library"),
    "a pair of texts": understood(pairs),
    "questions, marked in a text": understood(asked),
    "questions, answered freely": understood(asked, kind="generation", metric="f1"),
    "rows that repeat": understood(pd.concat([docs, docs[:10]]), text="text", label="library"),
}
pd.DataFrame(forms).T

# %% [markdown]
# `group="module"` keeps rows of one source file in one split; questions about one text stay together by themselves. A
# hub id (`"owner/name"`) works in the same place, with a network.
#
# What cannot be right is refused at the door, with what to do:

# %%
for wrong in ({"text": "txt", "label": "library"}, {"text": "text", "label": "library", "metric": "f2"}):
    try:
        understood(docs, **wrong)
    except XAutoLMError as error:
        print(f"{error}\n")

# %% [markdown]
# ## Models
#
# A model is named by an id of the hub, by a folder, or by a short name of a checkpoint that comes as a Python
# package. `[:2]` cuts it to its first two layers. Here is a folder of our own: the packaged MiniLM, cut and saved by
# Transformers, as your own pretrained checkpoint would be.

# %%
(packaged,) = discover_models(["all-MiniLM-L6-v2"])
MINE = str(WORK / "my-encoder")
AutoModel.from_pretrained(packaged.path, num_hidden_layers=2).save_pretrained(MINE)
AutoTokenizer.from_pretrained(packaged.path).save_pretrained(MINE)
models = discover_models(["all-MiniLM-L6-v2", "all-MiniLM-L6-v2[:3]", MINE])
pd.DataFrame(
    [
        {"id": short(m.id), "family": m.family, "layers": m.layers, "million weights": round(m.parameters / 1e6, 1),
         "longest input": m.max_positions, "licence": m.licence, "where": m.where}
        for m in models
    ]
)  # fmt: skip

# %%
try:
    discover_models(["nobody/no-such-model"], allow_network=False)
except XAutoLMError as error:
    print(error)

# %% [markdown]
# **Code that comes with a model does not run unless you allow that very code.** A model that needs its own Python is
# refused, and the error names what to write once you have read it: `trust_code="ORG/NAME@COMMIT"`, the whole commit and
# no branch, which could change afterwards; for a folder `trust_code="FOLDER@sha256:..."`. It then runs in the worker
# process only, and start, report and model card say whose code it was. Weights are read from safetensors only.
#
# What fits your machine, by prediction, before anything is loaded (GiB for one row of 128 tokens; in a terminal
# `xautolm machine`):

# %%
known = [pool_entry(name) for name in ("bert-base-uncased", "roberta-large", "gpt2-xl")]
table = pd.DataFrame(fit_table([*models, *known], probe_system("cpu"))).assign(model=lambda t: t.model.map(short))
table[["model", "where", "full", "partial", "lora", "head", "fits"]].round(2)

# %% [markdown]
# ## Experience
#
# Every trial of every search is remembered, and the next search begins with what it teaches. The store is a file
# (`XAUTOLM_HOME` moves it), or a database of a team:
#
# ```python
# tune(data, store="postgresql://user@host/experience")       # or once and for all: XAUTOLM_STORE=postgresql://...
# ```
#
# Runs that you did elsewhere can be imported from a table: what the task looked like, what was run, what came of it.

# %%
store = ExperienceStore.open(WORK / "store")
features = describe_texts(docs["text"].tolist(), docs["library"].tolist()).paper
rows = [
    {"task": "issue titles", "kind": "classification", "metric": "f1", "score": score, "seconds": seconds,
     "failure": failure, "space": "xautolm-nb/1", "task_features": list(features),
     "system_features": list(probe_system("cpu").paper), "hp_model": "all-MiniLM-L6-v2", "hp_method": method,
     "hp_learning_rate": rate, "hp_epochs": 3, "hp_batch_size": 16, "hp_optimizer": "adamw", "hp_schedule": "linear",
     "hp_warmup_ratio": 0.1, "hp_weight_decay": 0.01}
    for method, rate, score, seconds, failure in [
        ("full", 5e-5, 0.71, 62.0, None), ("full", 4e-4, 0.78, 61.0, None), ("head", 2e-3, 0.66, 9.0, None),
        ("lora", 1e-3, 0.74, 48.0, None), ("full", 5e-4, None, 90.0, "timeout"),
    ]
]  # fmt: skip
pd.DataFrame(rows).to_parquet(WORK / "past.parquet")
print(import_path(store, WORK / "past.parquet"))

# %% [markdown]
# A store is shared as a Parquet file or merged with another; a record has an id of its content, so nothing doubles. It
# holds configurations, scores, times, failures and numbers about the task, and no texts.

# %%
print(export_parquet(store, WORK / "to-share.parquet"), "experiences written")
with ExperienceStore.open(WORK / "a-colleague") as other:
    print(merge(other, store), "new to a colleague,", merge(other, store), "new the second time")
print("in a terminal: xautolm store import FILE | export FILE | merge FILE_OR_URL | info | doctor")

# %% [markdown]
# ## Budget, objectives, limits
#
# A request is plain data, checked at once; `tune`, the command line, the magic and the panel all make one. The fields
# that set limits:

# %%
request = {
    "text": ("text",),
    "label": "library",
    "group": "module",
    "models": (MINE, "all-MiniLM-L6-v2[:3]"),
    "methods": ("full", "partial", "lora", "head"),
    "objectives": ("f1", "seconds"),  # the front of score against time; ("f1",) for the score alone
    "budget": "8s" if SMOKE else "1m",  # wall-clock, set-up included
    "grace": "8s",  # for the trial at work when the time is over
    "trial_timeout": "20s",  # a trial that works longer fails as a timeout
    "max_epochs": 1 if SMOKE else 8,
    "max_trials": 2 if SMOKE else None,
    "max_rows": 60 if SMOKE else 240,
    "device": "cpu",
    "worker_memory_gib": 6,  # the trial fails before the machine swaps
    "disk_gib": 1,  # checkpoints of the worst make way
    "keep": 2,
    "seed": 1,
}
checked = SearchRequest.from_mapping(request)
print(f"{checked.budget_seconds:.0f} s, {checked.objectives}, timeout {checked.trial_timeout_seconds:.0f} s")
try:
    SearchRequest.from_mapping({**request, "budget": "soon"})
except XAutoLMError as error:
    print(error)

# %%
session = tune(docs, store=store, name="docstrings", progress=False, **request).wait()
session.trials[["model", "method", "state", "score", "seconds"]].assign(model=session.trials["model"].map(short)).head(
    8
)

# %%
session.figures()

# %% [markdown]
# Why the last trial was proposed, and which experiences argued for it:

# %%
print("\n".join(session.why(int(session.trials.index[-1])).splitlines()[:8]).replace(str(WORK), "..."))

# %% [markdown]
# ## Your own optimizer
#
# An optimizer is anything with this method; it keeps no state, so that a search can be taken up again, replayed and
# tested. Here is a random search with a twist: every other time it changes one parameter of the best trial so far.


# %%
@dataclass(frozen=True)
class RandomWithATwist:
    """Draw at random; every other time, redraw one parameter of the best configuration."""

    space: SearchSpace
    share: float = 0.5

    def propose(self, context, experiences, trials, *, seed, seconds_left=None):
        paused = [trial for trial in trials if trial.state is TrialState.PAUSED]
        if paused:  # one that was cut off goes on first
            return Proposal(config=paused[0].config, fidelity=1.0, thaw=paused[0].number, reason="finish it")
        rng = np.random.default_rng([seed, len(trials)])  # the same arguments, the same proposal
        known = {config_key(trial.config) for trial in trials}
        best = next(iter(ranking(trials)), None)
        for _ in range(100):
            config, reason = self.space.sample(rng), "drawn at random"
            if best is not None and rng.random() < self.share:
                name = str(rng.choice(sorted(config.keys() & best.config.keys())))
                changed = {**best.config, name: config[name]}
                config, reason = self.space.repair(changed, rng), f"the best one with another {name}"
            if config_key(config) not in known and self.space.check(config, context) is None:
                return Proposal(config=config, fidelity=1.0, reason=reason)
        return None  # nothing new is left


# %% [markdown]
# `tune` knows its own two optimizers. Another one takes the place of a study's optimizer between `wire`, which brings
# the parts together, and `search`, the loop: the way in which our own benchmarks run all their methods. The space can
# be narrowed in the same place.

# %%
study_request = SearchRequest.from_mapping({**request, "objectives": ("f1",), "name": "twist"})
record, _ = create_study(study_request, docs, store)
study = wire(record, store)
cheap = study.space.restrict({"batch_size": (16, 32)})
mine = RandomWithATwist(space=cheap)
with closing(study.runner):
    reason = search(
        replace(study, space=cheap, optimizer=mine, ahead=False),
        budget=Budget(seconds=8 if SMOKE else 30),
        control=lambda: Control.RUN,
        emit=lambda event: None,
    )
trials = store.trials(record.id)
print("ended:", reason)
pd.DataFrame(
    [
        {"method": t.config["method"], "batch": t.config["batch_size"], "score": t.score, "seconds": t.seconds,
         "reason": t.reason, "failure": t.failure.kind.value if t.failure else ""}
        for t in trials
    ]
).round(3)  # fmt: skip

# %% [markdown]
# Whatever it found is in the store like any other study, and teaches the next search. The contract of an optimizer is a
# test class, `tests/contracts/optimizer.py`: inherit it, give your optimizer as a fixture, and it asks for the same
# proposal twice, for pending trials to be respected, for every kind of store to be survived.

# %%
point = CurvePoint(fidelity=1.0, score=0.5, seconds=3.0)
begun = [Trial(number=0, config=cheap.default(), seed=0, state=TrialState.COMPLETE, fidelity=1.0, curve=(point,))]
again = [replace(mine, share=1.0).propose(study.context, (), begun, seed=3) for _ in range(2)]
assert again[0] == again[1]
print("the same arguments give the same proposal:", again[0].reason)

# %% [markdown]
# ## Your own fine-tuning method, or parameter
#
# Methods are **not** registered from outside: there is no list to add to at run time, since a trial runs in a process
# of its own and a method touches what is offered, what is predicted and what is trained. A method is added in the
# package, in four places. Here BitFit (Ben Zaken et al. 2022), which trains the biases and the head alone:

# %%
EDITS = {
    # 1. the request takes its name
    "request.py": ('"prompt", "prefix", "qlora")', '"prompt", "prefix", "qlora", "bitfit")'),
    # 2. it is a method (a cell of method, model and task that cannot work gets a reason here, too)
    "space/cells.py": ('"prefix", "qlora")\n"""Every method', '"prefix", "qlora", "bitfit")\n"""Every method'),
    # 3. its learning rates: low, high, default for each optimizer; parameters of its own go into `_by_method` below
    "space/finetuning.py": (
        '    ("head", "adamw"): (1e-4',
        '    ("bitfit", "adamw"): (1e-4, 2e-2, 2e-3),\n'
        '    ("bitfit", "adagrad"): (1e-3, 2e-1, 2e-2),\n'
        '    ("bitfit", "sgd"): (1e-3, 1.0, 5e-2),\n'
        '    ("head", "adamw"): (1e-4',
    ),
    # 4. which weights train
    "run/methods.py": (
        '    elif method == "partial":',
        '    elif method == "bitfit":\n'
        "        for name, weight in model.named_parameters():\n"
        '            weight.requires_grad_(name.endswith("bias"))\n'
        '    elif method == "partial":',
    ),
}

# %% [markdown]
# That these four are enough is tried here, on a copy of the package:

# %%
COPY = WORK / "package" / "xautolm_nb"
shutil.copytree(Path(xautolm_nb.__file__).parent, COPY, ignore=shutil.ignore_patterns("__pycache__", "labextension"))
for name, (old, new) in EDITS.items():
    text = (COPY / name).read_text()
    assert text.count(old) == 1, f"{name} has changed: {old!r} stands there {text.count(old)} times"
    (COPY / name).write_text(text.replace(old, new))

run = ["-m", "xautolm_nb", "start", str(WORK / "docs.csv"), "--models", MINE, "--methods", "bitfit", "--budget", "60s",
       "--max-trials", "1", "--max-epochs", "8", "--name", "bitfit", "--device", "cpu"]  # fmt: skip
check = ["-c", "from xautolm_nb import SearchRequest as R; print(R.from_mapping({'methods': 'bitfit'}).methods)"]
done = subprocess.run(
    [sys.executable, *(check if SMOKE else run)],
    cwd=WORK,
    env={**os.environ, "PYTHONPATH": str(COPY.parent)},
    capture_output=True,
    text=True,
    check=False,
)
assert done.returncode == 0, done.stderr[-2000:]
if SMOKE:
    print(done.stdout)
else:
    with ExperienceStore.open() as own:
        (trial,) = own.trials(own.study("bitfit").id)
        print(f"{trial.config['method']}: {trial.state.value}, F1 {trial.score:.3f}, {trial.seconds:.1f} s")

# %% [markdown]
# What more a method deserves: its memory and time in `space/physics.py` and `space/weights.py` (until then it is
# predicted as full fine-tuning, which errs on the safe side), a row in `tests/run/test_cells.py`, which trains every
# cell of method, architecture and task, and with it in [docs/cells.md](../docs/cells.md).
#
# A **parameter** is a line in `space/finetuning.py` (name, range, default, and when it exists) and what reads it from
# the config in `run/`. It then is searched, stored, shown and learned from like all others.
#
# ## What we learned
#
# - Data, models and past runs come in as they are; what cannot be right is refused before anything is trained.
# - The optimizer is a function of what is known, twenty lines from a search of your own.
# - A method is four edits, and an honest prediction of its cost a fifth.
#
# **Limits.** A model with code of its own cannot be cut, and what is allowed runs without a sandbox. Own optimizers
# have no option of `tune` and no place in the panel. A method cannot come from another package.
