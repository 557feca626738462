import xml.etree.ElementTree as ET
from dataclasses import replace

from nfdsl.analysis.replicates import averaged
from nfdsl.analysis.seeds_table import seeds_table


def test_means_have_their_deviation_and_their_number(replicates):
    runs = [
        *replicates([1.0, 1.2, 1.4], id="a", model="<S>"),
        *replicates([1.1, None], id="b", lr=0.2, model="<S>"),
    ]
    table = ET.fromstring(seeds_table(averaged(replace(run, cell=run.id[-1]) for run in runs)))
    head = [cell.text for cell in table.iterfind("./thead/tr/th")]
    rows = [
        dict(zip(head, ("".join(cell.itertext()) for cell in row), strict=True)) for row in table.iterfind("./tbody/tr")
    ]
    assert [(row["model"], row["seeds"], row["learning rate"], row["held-out loss"]) for row in rows] == [
        ("<S>", "3", "★ 0.1", "1.200 ± 0.20"),
        ("<S>", "1 of 2", "0.2", "1.100"),
    ]
