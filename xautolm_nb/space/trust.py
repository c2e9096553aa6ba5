"""Whose code may run: models that bring Python of their own, each allowed by the user and pinned to what was read.

An entry is `ORG/NAME@COMMIT` for a repository of the hub (all 40 hex digits: a branch or a tag can change after it was
looked at) or `FOLDER@sha256:HASH` for a folder, with the hash of all Python files in it. Nothing is imported here.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import ModelError, RequestError
from xautolm_nb.core.model import CODE, ModelInfo
from xautolm_nb.space.families import DECODERS, ENCODER_DECODERS, ENCODERS
from xautolm_nb.space.hub import current_commit

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_BLANK = re.compile(r"\s")
_FORM = "ORG/NAME@COMMIT with the whole commit (40 hex digits), or FOLDER@sha256:HASH"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One model whose code may run."""

    name: str
    """Id on the hub, or a folder."""
    pin: str
    """A commit, or `sha256:` and a hash."""

    def __str__(self) -> str:
        return f"{self.name}@{self.pin}"


def parse_grant(text: str) -> Grant:
    """Read one entry of `trust_code`.

    Raises:
        RequestError: It does not pin the code; where the right pin can be told, the message names it.
    """
    name, _, pin = text.rpartition("@")
    if name and ((_COMMIT.fullmatch(pin) and _REPOSITORY.fullmatch(name)) or _HASH.fullmatch(pin)):
        return Grant(name=name, pin=pin)
    folder = next((place for place in (text, name) if place and _is_model(place)), None)
    if folder is not None:
        raise RequestError(
            f"trust_code expects a folder with the hash of its Python files, but got {text!r}.",
            hint=f"Read them, then write {folder}@{code_hash(_place(folder))} if you trust them.",
        )
    repository = name or text
    if pin.startswith("sha256:") or not _REPOSITORY.fullmatch(repository):
        raise RequestError(
            f"trust_code expects {_FORM}, but got {text!r}.", hint="The error that asks for it names the exact entry."
        )
    commit = current_commit(repository, pin if name else None)
    what = f"{pin!r}, which can change after it was looked at" if name else f"{text!r} without a commit"
    raise RequestError(
        f"trust_code expects {_FORM}, but got {what}.",
        hint=f"It stands for {repository}@{commit} now: read that code, then write this."
        if commit
        else "Write the commit whose code you have read.",
    )


def code_files(folder: Path) -> list[Path]:
    """All Python files below a folder, in a fixed order; links to other folders are not followed."""
    return sorted(path for path in folder.rglob("*.py") if path.is_file())


def code_hash(folder: Path) -> str:
    """`sha256:` and the hash of names and contents of all Python files below a folder.

    Raises:
        ModelError: One cannot be read.
    """
    digest = hashlib.sha256()
    for file in code_files(folder):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"The code of the model in '{folder}' cannot be read: {error}.") from error
        digest.update(f"{len(content)} {file.relative_to(folder).as_posix()}\n".encode("utf-8", "surrogateescape"))
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def needs_code(config: Mapping[str, Any]) -> bool:
    """Whether a model is no architecture of Transformers, so that it cannot be loaded without code of its own."""
    known = str(config.get("model_type", "")) in ENCODERS | DECODERS | ENCODER_DECODERS
    return bool(config.get("auto_map")) and not known


def other_repositories(*settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Repositories besides a model's own whose code its `auto_map` names (`other/repo--module.Class`).

    Args:
        *settings: Its config and its tokenizer's.

    Raises:
        ModelError: Code lies in the model's own repository and in another one, in two others, or in no repository.
    """
    named = [text for each in settings for text in _texts(each.get("auto_map"))]
    others = sorted({text.split("--")[0] for text in named if "--" in text})
    odd = next((name for name in others if not _REPOSITORY.fullmatch(name)), None)
    if odd is not None:
        raise ModelError(f"The model names code in {odd[:80]!r}, which is no repository of the hub.")
    here = ["its own"] if any("--" not in text for text in named) else []
    if len(others) + len(here) > 1:
        raise ModelError(
            f"The model's code lies in several repositories, {' and '.join([*here, *others])}, which is not supported.",
            hint="Choose a model whose code lies in one place.",
        )
    return tuple(others)


@dataclass(frozen=True)
class Trust:
    """The models whose code may run in a search."""

    grants: tuple[Grant, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Trust":
        """Read the entries of `trust_code`.

        Raises:
            RequestError: One does not pin the code.
        """
        return cls(tuple(parse_grant(entry) for entry in entries))

    def commit_of(self, repository: str) -> str | None:
        """The commit of a repository whose code may run."""
        pins = (grant.pin for grant in self.grants if grant.name == repository)
        return next((pin for pin in pins if _COMMIT.fullmatch(pin)), None)

    def allow(self, what: str, own: Grant, others: Iterable[str]) -> tuple[str, ...]:
        """The pins of all code that a model needs, its own first.

        Args:
            what: The model in words.
            own: The repository or folder of the model as it is now.
            others: Repositories besides whose code it needs.

        Raises:
            ModelError: The user has not allowed one of them; the message names it, and what to write.
        """
        if not any(_is_same(grant, own) for grant in self.grants):
            before = next((grant for grant in self.grants if _names_same(grant, own)), None)
            changed = f", and what was allowed is {before.pin}" if before else ""
            raise ModelError(f"{what} needs code of its own, which runs only where allowed{changed}.", hint=_ask(own))
        pins = [f"{_BLANK.sub('_', Path(own.name).name)}@{own.pin}" if own.pin.startswith("sha256:") else str(own)]
        for repository in others:
            commit = self.commit_of(repository)
            if commit is None:
                needed = Grant(name=repository, pin=current_commit(repository) or "COMMIT")
                raise ModelError(f"{what} needs code of another repository, {repository}.", hint=_ask(needed))
            pins.append(f"{repository}@{commit}")
        return tuple(pins)

    def check_used(self, models: Iterable[ModelInfo]) -> None:
        """Require that each entry is needed: one that is not is a slip, or a model that was swapped.

        Raises:
            ModelError: No model needs the code of an entry.
        """
        used = {pin.rpartition("@")[2] for model in models for pin in model.code}
        for grant in self.grants:
            if grant.pin not in used:
                raise ModelError(
                    f"trust_code allows the code of {grant}, but no model of this search needs it.",
                    hint="Name the model in models=, or leave the entry out.",
                )


NO_TRUST = Trust()


def with_code(info: ModelInfo, pins: tuple[str, ...]) -> ModelInfo:
    """A model that runs code, with whose that is.

    Raises:
        ModelError: Its config does not say what memory and time are predicted from.
    """
    sizes = {"hidden size": info.hidden, "number of layers": info.layers, "size of the vocabulary": info.vocabulary}
    lacking = [name for name, value in sizes.items() if not value]
    if lacking:
        raise ModelError(
            f"The config of '{info.id}' does not name its {', '.join(lacking)} in a way that is known.",
            hint="A search has to predict memory and time, so it cannot use this model.",
        )
    return replace(info, revision=pins[0].rpartition("@")[2], notes={**info.notes, CODE: "\n".join(pins)})


def _ask(needed: Grant) -> str:
    return f"Read that code; if you trust it, add trust_code={str(needed)!r} (--trust-code), or choose another model."


def _is_same(grant: Grant, own: Grant) -> bool:
    return grant.pin == own.pin and _names_same(grant, own)


def _names_same(grant: Grant, own: Grant) -> bool:
    if grant.pin.startswith("sha256:") and own.pin.startswith("sha256:"):
        return _place(grant.name).resolve() == _place(own.name).resolve()
    return grant.name == own.name


def _place(name: str) -> Path:
    """A folder as a person wrote it; where `~name` is nobody's home it stays as it is."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _is_model(name: str) -> bool:
    try:
        return (_place(name) / "config.json").is_file()
    except (OSError, ValueError):  # too long for a path, or no text that could be one
        return False


def _texts(value: Any) -> Iterator[str]:
    """All texts of a tree: an `auto_map` may hold a name, or a slow and a fast one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
