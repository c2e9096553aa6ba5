"""Options are parsed and checked once, with an error that names the option."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contracts.store import a_record

from xautolm_nb.core.errors import RequestError, StudyError
from xautolm_nb.request import SearchRequest, check_places, parse_seconds
from xautolm_nb.store import ExperienceStore


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2h", 7200), ("1d", 86400), ("45", 45), (12.5, 12.5), ("1.5m", 90)],
)
def test_durations_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3m", "0", 0, -1, "3x", "3m later", None, True, "nan", "inf"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(RequestError, match="budget expects a positive duration"):
        parse_seconds(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bugdet": "3m"}, "no option 'bugdet'.*'budget'"),
        ({"methods": "lorra"}, "methods expects some of full, partial, lora, head, .*, but got 'lorra'"),
        ({"methods": ()}, "methods expects some of .* but got nothing"),
        ({"objectives": "seconds"}, "one score"),
        ({"objectives": ("f1", "accuracy")}, "one score"),
        ({"objectives": "bleu"}, "objectives expects some of"),
        ({"text": ("a", "b", "c")}, "one column, or two"),
        ({"name": "../../etc"}, "name expects"),
        ({"rungs": "0.5,0.25,1"}, "rising fidelities"),
        ({"rungs": (0.5,)}, "rising fidelities"),
        ({"rungs": ()}, "rising fidelities"),
        ({"max_epochs": 0}, "max_epochs expects"),
        ({"max_epochs": "many"}, "max_epochs expects a whole number"),
        ({"disk_gib": 0}, "disk_gib expects a number from 0.001 to"),
        ({"worker_memory_gib": "nan"}, "worker_memory_gib expects"),
        ({"validation": 0.95}, "validation expects"),
        ({"keep": 0}, "keep expects"),
        ({"device": "tpu"}, "device expects"),
        ({"optimizer": "magic"}, "optimizer expects"),
        ({"models": 7}, "models expects"),
        ({"trust_code": 7}, "trust_code expects"),
        ({"trust_code": "some/model@main"}, "trust_code expects .*'main', which can change"),
        ({"trust_code": "some/model"}, "trust_code expects .* without a commit"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        SearchRequest.from_mapping(options)


def test_lists_may_be_written_with_commas() -> None:
    request = SearchRequest.from_mapping({"models": "a, b", "methods": "lora,head", "rungs": "0.25,1"})
    assert (request.models, request.methods, request.rungs) == (("a", "b"), ("lora", "head"), (0.25, 1.0))


def test_a_request_survives_being_stored() -> None:
    request = SearchRequest.from_mapping({"budget": "3m", "grace": 0, "models": "a", "test": False, "use_prior": False})
    assert request.use_starter, "the default"
    request = replace(request, use_starter=False)
    assert SearchRequest.from_mapping(request.to_mapping()) == request


def test_code_is_allowed_for_each_model_by_name_and_nobody_is_trusted_by_default() -> None:
    entries = (f"some/model@{'a1' * 20}", f"folder@sha256:{'b2' * 32}")
    assert SearchRequest().trust_code == ()
    for given in (entries, list(entries), ", ".join(entries)):
        request = SearchRequest.from_mapping({"trust_code": given})
        assert request.trust_code == entries
        assert SearchRequest.from_mapping(request.to_mapping()) == request


@pytest.mark.parametrize(("budget", "grace"), [("30s", 5), ("10m", 60), ("10h", 300)])
def test_the_grace_is_a_tenth_of_the_budget_within_bounds(budget: str, grace: float) -> None:
    assert SearchRequest.from_mapping({"budget": budget}).grace == grace


def test_none_means_the_default() -> None:
    assert SearchRequest.from_mapping({"budget": None, "models": None}) == SearchRequest()


def test_a_study_lives_below_its_store_and_nowhere_else(tmp_path: Path) -> None:
    own = tmp_path / "studies" / "1"
    record = a_record(folder=str(own))
    record = replace(record, task=replace(record.task, folder=str(own / "data")))
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "link").symlink_to("/")
    with ExperienceStore.open(tmp_path) as store:
        check_places(record, store)
        for elsewhere in ("/", str(tmp_path), str(own / ".." / ".." / ".." / "x"), "relative", "",
                          str(tmp_path / "studies" / "link" / "home")):  # fmt: skip
            for bad in (
                replace(record, folder=elsewhere),
                replace(record, task=replace(record.task, folder=elsewhere)),
            ):
                with pytest.raises(StudyError, match="below"):
                    check_places(bad, store)
