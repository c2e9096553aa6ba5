"""How many trials run beside each other on this machine, and what of it each of them may take.

On GPUs one trial runs per card at a time, and its worker process sees no other card. On a CPU the workers share the
cores and the memory: to the search each is a machine of its own, smaller by their number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xautolm_nb.core.context import Context, SystemMetaFeatures
from xautolm_nb.core.errors import RequestError
from xautolm_nb.metafeatures import probe_system
from xautolm_nb.metafeatures.gpu import Card, visible_cards


@dataclass(frozen=True, kw_only=True)
class Workers:
    """The workers of a study."""

    context: Context
    """The task, and what of the machine one worker has."""
    environments: tuple[Mapping[str, str], ...]
    """Variables of the processes of each worker, on top of this process's own."""


def check_workers(asked: int | None, device: str | None) -> None:
    """Require that a wanted number of workers can be had here.

    Args:
        asked: Workers; None for as many as there are GPUs.
        device: Where training runs; None takes the GPU when there is one.

    Raises:
        RequestError: There are not as many devices; on a CPU any number can be had.
    """
    if asked is None or asked == 1:
        return
    system = probe_system(device)
    most = _devices(system, _cards(system))
    if most is not None and asked > most:
        raise RequestError(
            f"workers expects at most {most} with device={system.device!r} on this machine, but got {asked}.",
            hint="One trial runs per GPU at a time; leave workers out for one on each.",
        )


def share_out(context: Context, asked: int | None) -> Workers:
    """Share a machine out among workers; a study that comes from a machine with more GPUs takes those that are here.

    Args:
        context: The task and the whole machine.
        asked: Workers; None for one per GPU, and one on a CPU.
    """
    system = context.system
    cards = _cards(system)
    devices = _devices(system, cards)
    count = (asked or 1) if devices is None else min(asked or devices, devices)
    if system.device == "cuda":
        seen = tuple({"CUDA_VISIBLE_DEVICES": card.uuid} for card in cards[:count]) if len(cards) > 1 else ({},)
        return Workers(context=_smallest(context, cards[:count]), environments=seen)
    environment = {"XAUTOLM_WORKERS": str(count)} if count > 1 else {}
    return Workers(context=replace(context, system=share_of(system, count)), environments=(environment,) * count)


def share_of(system: SystemMetaFeatures, count: int) -> SystemMetaFeatures:
    """What one of `count` workers has of a machine without a GPU: cores, memory and rate, equal parts of each."""
    if count == 1:
        return system
    physical, logical, ghz, memory_gib, gpu_memory_gib = system.paper
    return replace(
        system,
        paper=(physical / count, logical / count, ghz, memory_gib / count, gpu_memory_gib),
        memory_gib=system.memory_gib / count,
        tflops=system.tflops / count if system.tflops is not None else None,
    )


def _cards(system: SystemMetaFeatures) -> list[Card]:
    return visible_cards() if system.device == "cuda" else []


def _devices(system: SystemMetaFeatures, cards: Sequence[Card]) -> int | None:
    """Devices to train on, each for one trial at a time; None on a CPU, which several can share."""
    return None if system.device == "cpu" else max(1, len(cards))


def _smallest(context: Context, cards: Sequence[Card]) -> Context:
    """The context with the memory of the smallest card: whatever is proposed has to fit, whoever is free for it."""
    if len(cards) < 2:
        return context
    least = min(card.memory_gib for card in cards)
    system = replace(context.system, gpu_memory_gib=least, paper=(*context.system.paper[:4], least))
    return replace(context, system=system)
