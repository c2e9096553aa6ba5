"""Outputs of a frozen body, computed once for all epochs and trials.

Training the head alone leaves the body as it was loaded, in evaluation mode, so what it makes of a row never changes.
Each split is computed once, in blocks of rows of similar length, and lies in the task's folder beside the tokens. A
row's features depend on the split alone, not on the batch that asks: a thawed trial stays equal bit for bit, while
beside a run without kept features only the rounding of other batches differs.
"""

import hashlib
import inspect
import uuid
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import nn

from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import Split
from xautolm_nb.run.data import collate
from xautolm_nb.run.device import Precision
from xautolm_nb.run.frozen import Body, Part
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.tokens import Tokens

BLOCK = 16
"""Rows computed together."""
LARGEST_BYTES = 2**29
"""Features of a split that are larger are not kept; the body then runs for every batch."""
VERSION = 1


def keep_features(
    job: Job, model: nn.Module, splits: Mapping[Split, Tokens], precision: Precision
) -> "Features | None":
    """Have a model's body answer from kept features; None where it trains, or is better run for every batch.

    Args:
        job: Says where features are kept, and of which model they are.
        model: Classifies or marks answers; its body's `forward` is replaced.
        splits: All rows that the model will be asked about.
        precision: Device and number format.
    """
    if job.trial.config["method"] != "head":
        return None
    body = Body(model, precision)
    part = body.part_read(next(iter(splits.values())))
    if part is None or any(_bytes(tokens, part, job.model.hidden) > LARGEST_BYTES for tokens in splits.values()):
        return None
    tables = [Table(_file(job, tokens, part, precision), tokens, part) for tokens in splits.values()]
    return Features(body, tables)


class Table:
    """The features of one split, as far as they are known.

    Args:
        file: Where they are kept.
        tokens: The rows.
        part: Which tokens of a row count.
    """

    def __init__(self, file: Path, tokens: Tokens, part: Part) -> None:
        self.tokens, self.part, self._file = tokens, part, file
        self.offsets = tokens.offsets if part == "all" else np.arange(len(tokens) + 1)
        order = np.argsort(tokens.prompt_lengths, kind="stable")
        self.blocks = [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
        self.values, self.known = self._read()

    def row(self, row: int) -> NDArray[np.float32] | None:
        """Features of a row, shape `(tokens, width)`; None until all rows are known."""
        if self.values is None or not self.known.all():
            return None
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def put(self, block: int, hidden: NDArray[np.float32]) -> None:
        """Take in the body's outputs of a block, shape `(rows, length, width)`."""
        rows = self.blocks[block]
        if self.values is None:
            self.values = np.zeros((int(self.offsets[-1]), hidden.shape[-1]), dtype=np.float32)
        lengths = self.tokens.prompt_lengths[rows]
        for place, row in enumerate(rows):
            chosen = {"first": slice(0, 1), "last": slice(lengths[place] - 1, lengths[place])}
            own = hidden[place, chosen.get(self.part, slice(0, lengths[place]))]
            self.values[self.offsets[row] : self.offsets[row + 1]] = own
        self.known[block] = True

    def save(self) -> None:
        """Write beside the place and rename, so that no reader sees half a file."""
        if self.values is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        written = self._file.with_suffix(f".{uuid.uuid4().hex[:8]}.part")
        try:
            save_file({"values": self.values, "known": self.known}, written)
            written.replace(self._file)
        finally:
            written.unlink(missing_ok=True)

    def _read(self) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_]]:
        """What is kept; nothing where the file is absent or damaged (then it is made anew)."""
        try:
            stored = load_file(self._file)
            values, known = stored["values"], stored["known"]
        except (OSError, SafetensorError, KeyError):
            return None, np.zeros(len(self.blocks), dtype=bool)
        fits = len(values) == self.offsets[-1] and len(known) == len(self.blocks)
        return (values, known) if fits else (None, np.zeros(len(self.blocks), dtype=bool))


class Features:
    """A frozen body that answers from tables.

    Args:
        body: Rows of the tables are looked up by their tokens, others are computed.
        tables: Of the splits.
    """

    def __init__(self, body: Body, tables: list[Table]) -> None:
        self._body, self._tables = body, tables
        self._places: dict[bytes, tuple[Table | None, int]] = {
            key: (table, row) for table in reversed(tables) for row, key in enumerate(_keys_of(table.tokens))
        }
        self._names = tuple(inspect.signature(body.run).parameters)
        body.replace(self._look_up)

    def compute(self) -> Iterator[None]:
        """Compute what is not known yet, a block at a time; whoever asks may stop in between."""
        for table in self._tables:
            ahead = np.flatnonzero(~table.known)
            try:
                for block in ahead:
                    inputs = collate(table.tokens, table.blocks[block], self._body.precision.device)
                    with torch.inference_mode(), self._body.precision.forward():
                        hidden = self._body.run(**inputs).last_hidden_state
                    table.put(int(block), hidden.float().cpu().numpy())
                    yield
            finally:
                if len(ahead):
                    table.save()

    def _look_up(self, *values: Any, **inputs: Any) -> Any:
        """What the body returns for inputs by name, or in its own order, as code of a model may give them."""
        named = {**dict(zip(self._names, values, strict=False)), **inputs}
        input_ids, mask = named.get("input_ids"), named.get("attention_mask")
        if input_ids is None or mask is None:
            return self._body.run(*values, **inputs)
        known = self._known(input_ids, mask, named.get("token_type_ids"))
        if known is None:
            return self._body.run(*values, **inputs)
        hidden, width = known.to(input_ids.device), input_ids.shape[1]
        if hidden.shape[1] == 1:  # whichever token the head reads is the one that counts
            return self._body.answer(hidden.expand(-1, width, -1))
        return self._body.answer(nn.functional.pad(hidden, (0, 0, 0, width - hidden.shape[1])))

    def _known(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor | None) -> torch.Tensor | None:
        """Features of a batch, shape `(rows, most kept tokens, width)`; None where one is not known."""
        own_ids, lengths = ids.cpu().numpy(), mask.sum(dim=1).tolist()
        own_types = None if types is None else types.cpu().numpy()
        kept = []
        for row, length in enumerate(lengths):
            key = _key(own_ids[row, :length], None if own_types is None else own_types[row, :length])
            table, place = self._places.get(key, (None, 0))
            values = None if table is None else table.row(place)
            if values is None:
                return None
            kept.append(values)
        hidden = np.zeros((len(kept), max(len(values) for values in kept), kept[0].shape[1]), dtype=np.float32)
        for row, values in enumerate(kept):
            hidden[row, : len(values)] = values
        return torch.from_numpy(hidden)


def _key(ids: NDArray[Any], types: NDArray[Any] | None) -> bytes:
    """What a row reads, in 16 bytes."""
    digest = hashlib.blake2b(ids.astype(np.int32).tobytes(), digest_size=16)
    if types is not None:
        digest.update(types.astype(np.uint8).tobytes())
    return digest.digest()


def _keys_of(tokens: Tokens) -> list[bytes]:
    parts = [slice(start, end) for start, end in pairwise(tokens.offsets.tolist())]
    return [_key(tokens.ids[part], None if tokens.types is None else tokens.types[part]) for part in parts]


def _bytes(tokens: Tokens, part: Part, width: int) -> int:
    return 4 * width * (len(tokens.ids) if part == "all" else len(tokens))


def _file(job: Job, tokens: Tokens, part: Part, precision: Precision) -> Path:
    types = b"" if tokens.types is None else tokens.types.tobytes()
    rows = hashlib.blake2b(tokens.ids.tobytes() + tokens.offsets.tobytes() + types, digest_size=16).hexdigest()
    model = job.model
    key = content_id([VERSION, rows, part, model.path, model.revision, model.layers, str(precision.autocast)])
    return Path(job.task.folder) / "features" / f"{key}.safetensors"
