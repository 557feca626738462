"""The word that says which architecture a model block describes."""

from typing import Literal

Family = Literal["nfnet", "vit", "bit"]
