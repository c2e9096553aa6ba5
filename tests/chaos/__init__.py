"""Fault injection: searches that are killed, stopped, starved and lied to, and must lose nothing.

`python -m chaos` (with `tests` on the path, or `make chaos`) runs a campaign, `python -m chaos soak` a long search.
The driver knows what must hold from a ledger of its own: each searching process appends what it was told is finished,
and syncs it to a disk that no fault touches, before it goes on.
"""
