"""``python -m nfdsl.reference > docs/reference.md``: the reference documentation of the language."""

from nfdsl.reference.page import reference

print(reference(), end="")
