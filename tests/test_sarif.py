"""Diagnostics as SARIF: what the 2.1.0 schema requires, and what review tools use."""

import json
from pathlib import Path
from typing import Any

import pytest

from nfdsl.catalogue import catalogue, completed
from nfdsl.diagnose import diagnose
from nfdsl.sarif import sarif
from nfdsl.source import Source


def run(name: str, text: str) -> dict[str, Any]:
    log = json.loads(sarif(diagnose(Source(name, text))))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (only,) = log["runs"]
    return only


def test_a_result_in_full():
    wrong = 'model "net" {\n  depth [1 2]\n  width [1, 2\n}\n'
    result = run("a b/c.nfx", wrong)["results"][1]
    place = {"uri": "a%20b/c.nfx"}
    assert result == {
        "ruleId": "missing-comma",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "a comma is missing between two values: separate the values by a comma"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": place,
                    "region": {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 13},
                },
                "message": {"text": "a second value begins here"},
            }
        ],
        "relatedLocations": [
            {
                "id": 0,
                "physicalLocation": {
                    "artifactLocation": place,
                    "region": {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 10},
                },
                "message": {"text": "in the brackets opened here"},
            }
        ],
        "fixes": [
            {
                "description": {"text": "separate the values by a comma"},
                "artifactChanges": [
                    {
                        "artifactLocation": place,
                        "replacements": [
                            {
                                "deletedRegion": {"startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 11},
                                "insertedContent": {"text": ","},
                            }
                        ],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("entry", [entry for entry in catalogue().values() if entry.kind != "sh"], ids=lambda e: e.code)
def test_every_code_has_a_rule_with_help(entry):
    found = run("study.nfx", completed(entry.wrong, entry.kind))
    (rule,), (result,) = found["tool"]["driver"]["rules"], found["results"]
    assert (rule["id"], rule["shortDescription"]["text"]) == (entry.code, entry.headline)
    assert entry.wrong in rule["help"]["markdown"]
    assert (result["ruleId"], result["ruleIndex"]) == (entry.code, 0)
    assert result["message"]["text"]


def test_rules_stand_once_and_results_point_at_them():
    found = run("a.nfx", "model a from b { }\nmodel c from d { }\nmodle e { }\n")
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    assert [rules[result["ruleIndex"]] for result in found["results"]] == [r["ruleId"] for r in found["results"]]


def test_columns_count_characters():
    found = run("a.nfx", 'model a { x "\N{EARTH GLOBE AMERICAS}" ; }\n')
    assert found["columnKind"] == "unicodeCodePoints"
    (stray,) = (each for each in found["results"] if each["ruleId"] == "stray-character")
    assert stray["locations"][0]["physicalLocation"]["region"]["startColumn"] == 17


def test_an_absolute_path_is_a_file_uri(tmp_path: Path):
    location = run(str(tmp_path / "a.nfx"), "")["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")


def test_nothing_wrong_is_a_run_without_results():
    log = json.loads(sarif([]))
    assert log["runs"][0]["results"] == []
