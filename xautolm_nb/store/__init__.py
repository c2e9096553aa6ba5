"""The experience store: schema, transactions, importers and exporters."""

from xautolm_nb.store.autogoal import AutogoalSummary, published_aggregates, read_autogoal, summarize_autogoal
from xautolm_nb.store.database import StoreWarning
from xautolm_nb.store.doctor import Finding
from xautolm_nb.store.importing import ImportSummary, export_parquet, import_path, merge
from xautolm_nb.store.owners import current_owner, is_owner_alive
from xautolm_nb.store.starter import describe_starter, starter_file, starter_for
from xautolm_nb.store.store import ExperienceStore
from xautolm_nb.store.tables import read_table

__all__ = [
    "AutogoalSummary",
    "ExperienceStore",
    "Finding",
    "ImportSummary",
    "StoreWarning",
    "current_owner",
    "describe_starter",
    "export_parquet",
    "import_path",
    "is_owner_alive",
    "merge",
    "published_aggregates",
    "read_autogoal",
    "read_table",
    "starter_file",
    "starter_for",
    "summarize_autogoal",
]
