"""Measurements: beside other frameworks, beside the least that could be done, and as data grow.

`make bench` runs `__main__`, which starts the product and its peers in turn and writes RESULTS.md. What it is made of:
`works` (what is asked), `data` (the rows, and a copy of them for each system), `systems` (how each is started), `load`
(wrk), `answers` (whether all say the same), `rounds` (who is measured when), `floor` (the least), `growth`, `results`
(medians, ratios, goals) and `report` (Markdown, plots, JSON). The other modules measure one part each, with `office`,
and are run by themselves. No test runs any of this; a test holds `results` and `report` to a small recorded run.
"""
