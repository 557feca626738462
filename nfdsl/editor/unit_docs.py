"""What each dimension measures, for people."""

from nfdsl.schema.units import Dimension

MEASURED = {
    Dimension.NUMBER: "a plain number",
    Dimension.IMAGES: "images; of a budget, views trained on",
    Dimension.STEPS: "steps of the optimizer, each on one batch",
    Dimension.EPOCHS: "passes over the training set",
    Dimension.PIXELS: "pixels along a side of an image",
    Dimension.CHIP_HOURS: "hours of one chip of the hardware",
    Dimension.CORE_HOURS: "hours of one core; a TPU v3 or v4 chip has two",
    Dimension.FLOPS: "floating-point operations of training, two for each multiply-add",
    Dimension.BYTES: "bytes of memory",
    Dimension.SECONDS: "seconds",
}
