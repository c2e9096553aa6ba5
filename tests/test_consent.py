"""Consent is the user's own: no store, no study of somebody else can bring it along."""

from pathlib import Path

import platformdirs
import pytest

from xautolm_nb.consent import check_consent, remember_consent
from xautolm_nb.core.errors import StudyError

ENTRIES = (f"some/model@{'a1' * 20}",)


def notes() -> list[Path]:
    return list((platformdirs.user_config_path("xautolm-nb", appauthor=False) / "trusted-code").glob("*"))


def test_what_was_allowed_for_a_study_is_found_again() -> None:
    remember_consent("study-1", ENTRIES)
    check_consent("study-1", "reviews", ENTRIES)
    assert len(notes()) == 1


def test_no_code_needs_no_consent_and_leaves_no_note() -> None:
    remember_consent("study-1", ())
    check_consent("study-1", "reviews", ())
    assert not notes()


@pytest.mark.parametrize(
    ("study", "entries"),
    [
        ("study-2", ENTRIES),
        ("../study-1", ENTRIES),
        ("study-1", (f"some/model@{'b2' * 20}",)),
        ("study-1", ENTRIES * 2),
    ],
)
def test_consent_holds_for_that_study_and_that_code_alone(study: str, entries: tuple[str, ...]) -> None:
    remember_consent("study-1", ENTRIES)
    with pytest.raises(StudyError, match="which you did not allow on this account"):
        check_consent(study, "reviews", entries)


def test_a_note_that_cannot_be_written_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="Make that folder writable"):
        remember_consent("study-1", ENTRIES)
