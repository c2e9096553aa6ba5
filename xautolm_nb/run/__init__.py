"""Running trials: fine-tuning in a worker process, and replay of recorded runs. Imports no torch."""

from xautolm_nb.run.pool import WorkerOptions
from xautolm_nb.run.process import ProcessRunner
from xautolm_nb.run.replay import ReplayRunner, SimulatedClock

__all__ = ["ProcessRunner", "ReplayRunner", "SimulatedClock", "WorkerOptions"]
