"""From a user's data to a checked, split task; the metrics and honest references it is judged by."""

from xautolm_nb.tasks.check import DataReport, TaskWarning
from xautolm_nb.tasks.detect import detect_columns, detect_kind
from xautolm_nb.tasks.files import load_task, read_split
from xautolm_nb.tasks.load import Tables, load_tables
from xautolm_nb.tasks.metrics import METRICS, find_metric, score
from xautolm_nb.tasks.options import TaskOptions
from xautolm_nb.tasks.prepare import prepare_task

__all__ = [
    "METRICS",
    "DataReport",
    "Tables",
    "TaskOptions",
    "TaskWarning",
    "detect_columns",
    "detect_kind",
    "find_metric",
    "load_tables",
    "load_task",
    "prepare_task",
    "read_split",
    "score",
]
