"""Named values and imports in the one style."""

from nfdsl.source import Source
from nfdsl.syntax.format import formatted

MESSY = """\
import"a.nfx"#one
import  "b.nfx"
let a 1
let longer   {1,2} # two
# own

let c -1
model m{width [a]*longer}
let last from
"""

NEAT = """\
import "a.nfx"  # one
import "b.nfx"
let a      1
let longer {1, 2}  # two
# own

let c -1

model m {
  width       [a] * longer
}

let last from
"""


def test_statements():
    assert formatted(Source("a.nfx", MESSY)) == NEAT
    assert formatted(Source("a.nfx", NEAT)) == NEAT
