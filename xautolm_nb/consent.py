"""What a user allowed, kept outside every store: a store or a study of somebody else cannot speak for them.

A study remembers in its request whose code it runs, but a store may come from anywhere. So the start of a search also
notes the consent in the user's own configuration folder, and code runs only where that note is found.
"""

from collections.abc import Sequence
from pathlib import Path

import platformdirs

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.files import write_text_atomically
from xautolm_nb.core.serial import content_id, to_json


def remember_consent(study: str, trust_code: Sequence[str]) -> None:
    """Note that this user allowed a study to run the code of these models; nothing is written for none.

    Raises:
        StudyError: The note cannot be written.
    """
    if not trust_code:
        return
    note = _note(study, trust_code)
    try:
        write_text_atomically(note, to_json({"study": study, "trust_code": list(trust_code)}))
    except OSError as error:
        raise StudyError(
            f"Expected to note in {note.parent} that code of a model may run, but that failed: {error}.",
            hint="Make that folder writable, or leave trust_code out.",
        ) from error


def check_consent(study: str, name: str, trust_code: Sequence[str]) -> None:
    """Require that this user allowed a study to run the code of these models.

    Raises:
        StudyError: They did not, on this account and machine.
    """
    if trust_code and not _note(study, trust_code).is_file():
        raise StudyError(
            f"Study {name!r} wants to run code of {', '.join(trust_code)}, which you did not allow on this account.",
            hint="If you trust that code, start a search of your own with trust_code=.",
        )


def _note(study: str, trust_code: Sequence[str]) -> Path:
    folder = platformdirs.user_config_path("xautolm-nb", appauthor=False) / "trusted-code"
    return folder / f"{content_id([study, list(trust_code)])}.json"
