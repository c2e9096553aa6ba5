"""Comparisons with the peers, side by side in one run: `python -m benchmarks.NAME --data FILE --methods … --seeds N`.

    problem    what is searched: context, space, store and a recording of what every configuration does
    recorded   problems from tables of recorded trials (XAutoLM's columns)
    curves_of  problems from tables of recorded learning curves (TaskSet's and NMTLC's columns)
    methods    every method by name, ours and the peers'
    stores     stores that mislead
    summary    means, intervals, paired differences, JSON and tables

Programs: `replay`, `curves`, `overhead`, `live`; `figures` draws what they wrote.
"""
