"""What `panel` runs in the kernel (Python) and in the page (JavaScript)."""

MESSAGES = 14_400
"""Reports of progress in an hour, four a second."""

TRAIN = """
%load_ext xautolm_nb
import random
import pandas as pd
from xautolm_nb import tune
words = {"good": "love great fine superb lovely".split(), "bad": "hate poor dull awful boring".split()}
filler = "the film a story of and with its plot was that we saw on two long evenings in town".split()
draw = random.Random(0)
texts = {}
while len(texts) < 3000:
    label = ("good", "bad")[len(texts) % 2]
    chosen = draw.choices(filler, k=24) + draw.choices(words[label], k=2)
    draw.shuffle(chosen)
    texts.setdefault(" ".join(chosen), label)
frame = pd.DataFrame({"text": list(texts), "label": list(texts.values())})
session = tune(frame, text="text", label="label", models=["all-MiniLM-L6-v2"], methods=["full"], budget="12h",
               use_prior=False, progress=False, name="panel")
"""
"""A search whose trials take minutes."""

TRIALS = """
%load_ext xautolm_nb
import random
from xautolm_nb.core.study import StudyRecord, StudyState
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.jupyter.kernel import connect
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
draw = random.Random(0)
task = Task(name="many", kind="classification", text=("text",), label="label", metric=Metric(name="f1"),
            labels=("bad", "good"), rows={"train": 800}, folder="", fingerprint="many")
store = ExperienceStore.open()
store.create_study(StudyRecord(id="many", name="many", task=task, state=StudyState.RUNNING, budget_seconds=36000.0))
for number in range(500):
    rungs = (0.25, 0.5, 1.0)[: draw.randint(0, 3)]
    curve = tuple(CurvePoint(fidelity=rung, score=draw.random(), seconds=90 * rung, step=int(400 * rung))
                  for rung in rungs)
    failure = None if rungs else Failure(kind=FailureKind.OUT_OF_MEMORY, message="1.2 GiB were wanted")
    done = rungs[-1] if rungs else 0.0
    state = TrialState.FAILED if failure else TrialState.COMPLETE if done == 1.0 else TrialState.PAUSED
    config = {"model": f"model-{number % 7}", "method": ("full", "lora", "head")[number % 3],
              "learning_rate": 10 ** draw.uniform(-5, -3), "epochs": 3, "batch_size": 16}
    store.save_trial("many", Trial(
        number=number, config=config, seed=number, state=state, fidelity=done, curve=curve, failure=failure,
        measures=Measures(seconds_train=90 * done + 1, peak_memory_gib=draw.random()), reason="made up",
    ))
session = Session(store, "many")
session._loop._alive = True  # shown as one that runs
connect(get_ipython()).hub.follow(session)
"""
"""A study of 500 trials."""

HOUR = """
import gc, psutil, time
from xautolm_nb.core.events import TrialFinished, TrialProgress
from xautolm_nb.jupyter.teller import Teller

class Clock:
    now = 0.0
    def __call__(self):
        return self.now

clock = Clock()
trials = session.store.trials(session.id)
teller = Teller(session, connect(get_ipython()).events, wake=lambda: None, clock=clock)

def play(count):
    for step in range(count):
        clock.now += 0.25
        teller._feed._receive(TrialProgress(number=499, phase="train", step=step, total=count, fidelity=step / count,
                                            loss=0.5))
        if step % 240 == 239:  # a trial a minute
            teller._feed._receive(TrialFinished(trial=trials[step // 240 % len(trials)]))
        teller.tell(quiet=False)
        time.sleep(0.002)
    gc.collect()
    return psutil.Process().memory_info().rss
play(1)
"""
"""`play(count)`: as many reports as `count` quarters of a second bring, one after the other."""

MARKS = """
(() => {
  const marks = (window.marks = { restored: 0, connected: 0, drawn: 0 });
  let waits = false;
  const look = () => {
    if (!waits && window.jupyterapp !== undefined) {
      waits = true;
      window.jupyterapp.restored.then(() => { marks.restored = performance.now(); });
    }
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    if (marks.connected === 0 && kernel?.connectionStatus === 'connected') { marks.connected = performance.now(); }
    if (marks.drawn === 0 && document.querySelector('.jp-XAutoLM-bar') !== null) { marks.drawn = performance.now(); }
    if (marks.drawn === 0 || marks.restored === 0) { setTimeout(look, 4); }
  };
  look();
})();
"""
"""Notes when JupyterLab was restored, its kernel connected, and the line of the study first in the page."""

WIRE = """() => {
  const wire = (window.wire = { sent: {}, onAck: () => {}, trained: 0, asked: 0, step: -1, events: 0 });
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.anyMessage.connect((_, { msg, direction }) => {
    const data = msg.header.msg_type === 'comm_msg' ? msg.content.data : null;
    if (data === null) { return; }
    if (direction === 'send') { wire.sent[data.id] = data.type; return; }
    if (data.type === 'ack' || data.type === 'error') {
      wire.onAck(wire.sent[data.id], data);
      delete wire.sent[data.id];
    }
    if (data.seq !== undefined) { wire.events += 1; }
    if (data.type === 'progress') {
      wire.step = data.progress.step;
      if (data.progress.phase === 'train') { wire.trained = performance.now(); }
    }
  });
}"""
"""Listens to what goes between the page and the kernel."""

STEER = """async ([name, states]) => {
  const bar = document.querySelector('.jp-XAutoLM-bar');
  const find = label => [...bar.querySelectorAll('button')].find(button => button.getAttribute('aria-label') === label);
  const until = async look => { while (!look()) { await new Promise(resolve => setTimeout(resolve, 5)); } };
  await until(() => find(name)?.getAttribute('aria-disabled') === 'false');
  const began = (window.wire.asked = performance.now());
  const answer = new Promise((resolve, reject) => {
    window.wire.onAck = (type, data) => {
      if (type === name.toLowerCase()) {
        data.type === 'ack' ? resolve(performance.now() - began) : reject(new Error(data.message));
      }
    };
  });
  find(name).click();
  const answered = await answer;
  await until(() => states.includes(bar.querySelector('[role=status]').textContent));
  return { answered, done: performance.now() - began };
}"""
"""Presses a button of the study's line; milliseconds to the answer of the kernel, and to the state."""

SCROLL = """async count => {
  const element = document.querySelector('.jp-XAutoLM-scroll');
  const rows = Number(document.querySelector('.jp-XAutoLM-table').getAttribute('aria-rowcount')) - 1;
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  const frames = [];
  let blank = 0;
  let step = 90;
  let last = await frame();
  for (let index = 0; index < (count || 120); index++) {
    if (count > 0) {
      const end = element.scrollHeight - element.clientHeight;
      step = element.scrollTop + step > end || element.scrollTop + step < 0 ? -step : step;
      element.scrollTop += step;
    }
    const now = await frame();
    frames.push(now - last);
    last = now;
    const box = element.getBoundingClientRect();
    const middle = document.elementFromPoint(box.left + 40, box.top + box.height / 2);
    blank += middle?.closest('.jp-XAutoLM-tableRow') === null ? 1 : 0;
  }
  return { frames, rows, blank };
}"""
"""Scrolls the table, 90 pixels a frame; milliseconds between frames, and frames without a row in the middle."""
