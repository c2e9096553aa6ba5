"""The verdict on what the vulnerability database answers (`make audit`)."""

from pathlib import Path

import pytest
from audit import main, verdict

SOUND = {"name": "torch", "version": "2.13.0", "vulns": []}
SKIPPED = {"name": "wheelhouse", "skip_reason": "Dependency not found on PyPI"}
KNOWN = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


def test_a_known_vulnerability_fails_and_says_where_it_is_mended() -> None:
    code, words = verdict([SOUND, KNOWN, SKIPPED])
    assert code == 1
    assert "old 1.0: PYSEC-1, mended in 1.1" in words
    assert "not audited: wheelhouse" in words


def test_sound_packages_pass_and_are_counted() -> None:
    assert verdict([SOUND, SOUND]) == (0, "2 packages audited")


def test_a_database_that_knows_nothing_is_said_not_to_have_been_asked() -> None:
    code, words = verdict([SKIPPED, SKIPPED])
    assert code == 0
    assert words.startswith("not audited")


def test_no_packages_are_no_audit() -> None:
    assert verdict([])[0] == 1


def test_an_audit_that_does_not_run_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(tmp_path / "no such file.txt")) == 1
    assert capsys.readouterr().out.startswith("not audited")
