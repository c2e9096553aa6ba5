"""The experience that ships with the package: where it comes from, what it does not hold, and whom it is told."""

import tomllib
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path

import pytest

from xautolm_nb.core.places import names_a_place
from xautolm_nb.core.serial import to_json
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.space.models import LOCAL_PACKAGES
from xautolm_nb.space.pool import pool_entry
from xautolm_nb.store import ExperienceStore, describe_starter, import_path, starter_file, starter_for
from xautolm_nb.store.limits import checked
from xautolm_nb.store.shareable import shareable
from xautolm_nb.store.starter import FILE, Provenance, provenance, starter

MOST_BYTES = 300_000
ROOT = Path(__file__).resolve().parents[2]


def task(name: str = "reviews", **changes: object) -> Task:
    made = Task(
        name=name, kind="classification", text=("text",), label="label", metric=Metric(name="f1"), labels=("a", "b"),
        rows={"train": 10}, folder="", fingerprint="unseen",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*texts(key), *texts(item))]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def test_it_is_found_in_the_package_and_is_small() -> None:
    size = len(resources.files("xautolm_nb.store").joinpath(FILE).read_bytes())
    assert 0 < size < MOST_BYTES
    assert len(starter()) >= 100
    with starter_file() as path:
        assert path.name == FILE and path.stat().st_size == size


def test_wheel_and_sdist_are_told_to_take_it() -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    place = f"xautolm_nb/store/{FILE}"
    assert (ROOT / place).is_file()
    assert place in targets["sdist"]["artifacts"] and place in targets["wheel"]["artifacts"]


def test_every_record_is_valid_and_ours_and_can_be_learned_from_by_anybody() -> None:
    for experience in starter():
        assert checked(experience) == experience
        assert experience.is_starter and experience.source.startswith("starter: xautolm_nb ")
        assert experience.space.startswith("xautolm-nb/")
        assert experience.model is not None and experience.config["model"] == experience.model.id
        base = experience.model.id.split("[:")[0]
        assert base in LOCAL_PACKAGES or pool_entry(base) is not None or "/" in base, f"{base} is nobody else's"
    assert len({experience.id for experience in starter()}) == len(starter())


def test_no_record_names_a_folder_or_a_machine() -> None:
    for experience in starter():
        assert shareable(experience) is experience
        assert experience.context.system.hostname_hash == ""
        assert not [text for text in texts(asdict(experience)) if names_a_place(text)]
        assert not [place for place in ("/home", "/tmp", "/usr", "\\\\") if place in to_json(experience)]


def test_every_record_says_where_it_comes_from() -> None:
    assert [origin.id for origin in provenance()] == [experience.id for experience in starter()]
    for origin, experience in zip(provenance(), starter(), strict=True):
        assert (origin.task, origin.created_at) == (experience.task_name, experience.created_at)
        assert all(getattr(origin, name) for name in Provenance.__dataclass_fields__ if name != "shares_texts_with")
        assert f"{experience.context.task.extra['rows_train']:.0f} train" in origin.rows
        assert origin.licence.startswith("Apache-2.0")
    told = describe_starter()
    assert told["experiences"] == sum(told["by_task"].values()) == len(starter())


def test_an_unseen_task_is_told_all_of_its_kind_and_no_other() -> None:
    assert starter_for(task()) == list(starter())
    assert starter_for(task(kind="generation")) == []
    assert starter_for(task(metric=Metric(name="accuracy"))) == list(starter()), "validations note accuracy as well"


@pytest.mark.parametrize(("name", "own"), [("cola", "cola"), ("CoLA", "cola"), ("SMS-Spam", "sms_spam")])
def test_a_task_of_a_name_is_told_nothing_of_that_name(name: str, own: str) -> None:
    told = {experience.task_name for experience in starter_for(task(name))}
    assert told == describe_starter()["by_task"].keys() - {own}


def test_a_task_is_told_nothing_of_its_own_rows_under_another_name() -> None:
    own = starter()[0]
    told = starter_for(task(fingerprint=own.fingerprint))
    assert told and own.task_name not in {experience.task_name for experience in told}


def test_a_task_is_told_nothing_of_data_that_holds_its_texts() -> None:
    told = {experience.task_name for experience in starter_for(task("SST-2"))}
    assert told and not told & {"subj", "mr", "sst2", "sst2_sentences"}


def test_whoever_wants_it_for_good_imports_the_file() -> None:
    with ExperienceStore.open(":memory:") as store, starter_file() as path:
        assert import_path(store, path).new == len(starter())
        assert {experience.id for experience in store.experiences()} == {experience.id for experience in starter()}
