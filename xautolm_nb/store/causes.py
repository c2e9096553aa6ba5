"""From the error texts that other code bases logged to typed failures."""

import re
from typing import Final

from xautolm_nb.core.trial import Failure, FailureKind

_CAUSES: Final = (
    (
        FailureKind.OUT_OF_MEMORY,
        r"cuda out of memory|outofmemoryerror|cublas_status_alloc_failed|mps backend out of mem",
    ),
    (FailureKind.HOST_MEMORY, r"defaultcpuallocator|out of shared mem|cannot allocate mem|bus error|\bmemoryerror\b"),
    (FailureKind.TIMEOUT, r"exceeded allowed time|\btimed out\b|\btime ?out\b"),
    (FailureKind.NO_CLASSIFICATION_HEAD, r"unrecognized configuration class"),
    (FailureKind.MODEL_UNAVAILABLE, r"can't load|unable to load weights|gated repo|is not a local folder|client error"),
    (FailureKind.ADAPTER_MISMATCH, r"mat1 and mat2 shapes|'parameter' object has no attribute 'weight'|target modules"),
    (FailureKind.FRAMEWORK_BUG, r"unscale_\(\)|'int' object has no attribute|referenced before assignment"),
    (FailureKind.NOT_FINITE, r"\bnan\b|\bnot finite\b|\binf(inity)?\b"),
)
"""Read in order: the first pattern that occurs names the cause. `Unrecognized configuration class` stands for models
whose architecture has no classification head; the adapter patterns are PEFT failing on layers it cannot wrap; the
framework bugs are errors of the training loop itself, whatever the configuration (XAutoLM, section 4)."""

_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _CAUSES)


def name_cause(message: str) -> FailureKind:
    """Name the cause that an error text tells of; `error` when it tells none that is known."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(message)), FailureKind.ERROR)


def as_failure(message: str) -> Failure:
    """Make a typed failure of an error text, which may be empty."""
    lines = message.strip().splitlines()
    first = lines[0][:300] if lines else "failed without a message"
    return Failure(kind=name_cause(message), message=first, detail=message.strip() if len(lines) > 1 else "")
