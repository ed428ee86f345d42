"""How fast the app is, measured beside what else people use: ``make bench``. No test depends on a figure.

``__main__`` makes databases, runs each part in a process of its own, and reports; ``parts`` measure, each
with real servers on a database of its own; ``project`` is the shop that is measured, and what it is compared
with.
"""
