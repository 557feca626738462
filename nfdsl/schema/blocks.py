"""The kinds of block a file may hold, and the classes that say what each may contain."""

from nfdsl.schema.bit import BiT
from nfdsl.schema.data import Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.report import Report
from nfdsl.schema.training import Finetune, Pretrain
from nfdsl.schema.vit import ViT

Block = Data | Hardware | NFNet | ViT | BiT | Pretrain | Finetune | Report

# A kind with several classes is told apart by the setting `family`; the first is the default.
KINDS: dict[str, tuple[type[Block], ...]] = {
    "data": (Data,),
    "hardware": (Hardware,),
    "model": (NFNet, ViT, BiT),
    "pretrain": (Pretrain,),
    "finetune": (Finetune,),
    "report": (Report,),
}
