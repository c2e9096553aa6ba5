"""Comparisons with the peers, side by side in one run: `python -m benchmarks.NAME --data FILE --methods … --seeds N`.

Programs:

    replay     one recorded task is searched, the others are the store
    curves     multi-fidelity search over recorded learning curves
    overhead   seconds and memory that a proposal takes
    world      equal simulated time in the open space, on a world fitted to recorded experiences
    live       equal wall-clock time, real fine-tuning
    training   one trial beside the Trainer of Transformers
    worker     what a trial costs beside training and validating
    memory     predicted and measured peaks
    panel      the JupyterLab panel in a real browser: ready, answers, scrolling, memory
    store      many writers, and 100,000 records, in SQLite and PostgreSQL
    starter    makes the experience that ships with the package out of collected runs
    checkpoints  cuts a pretrained model to its first layers
    pictures   takes the pictures of the README from a real search
    figures    draws what the others wrote, or prints it as tables

Modules:

    problem    what is searched (context, space, store, a recording of every configuration), and the simulated clock
    recorded   problems from tables of recorded trials (XAutoLM's columns)
    curves_of  problems from tables of recorded learning curves (TaskSet's and NMTLC's columns)
    fitted     the world of `world`
    simulated  a made-up study of any size, for `overhead`
    live_run   one search of `live`
    live_cost  hours, trials and energy of live searches, before they run
    merits     figures of merit of live searches, and the bars they are held to
    qa         SQuAD and DROP for `live`, split by article and passage, and tiny models that write
    methods    every method by name, ours and the peers'
    peers      optimizers of others, one file each
    stores     stores that mislead
    jobs       many searches in a few processes, resumed from their file
    fronts     score against seconds: fronts and hypervolume
    sources    data sets by name: who published them, and which share texts
    postgres   a PostgreSQL server of one's own, for `store`
    panel_world  what `panel` runs in kernel and page
    lab        a real JupyterLab and a real browser
    summary    means, intervals, paired differences, JSON and tables for the terminal
    tabled     results read back from their files, and tables in Markdown
"""
