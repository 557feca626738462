"""What a run is to be fed, for its ledger."""

from nfdsl.sampling.index import Index, Terms
from nfdsl.sampling.split import Split
from nfdsl.schema.run import Run
from runtime.data.records import Records


def index(run: Run, records: Records, split: Split) -> Index:
    """Returns the index of a run on the part of `records` that `split` leaves in."""
    recipe = run.recipe
    terms = Terms(
        source=records.name,
        fingerprint=records.fingerprint(),
        seed=recipe.sampling.seed,
        batch=recipe.batch,
        repeat=recipe.augment.repeat,
        images=run.length.images,
    )
    shards = records.shard_index()
    return Index(terms, shards.words, shards.counts, split.left_out)
