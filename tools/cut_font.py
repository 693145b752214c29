"""Cut Noto Sans CJK down to the font that pictures with Chinese labels need: `python tools/cut_font.py NOTO.ttc`.

Keeps Latin, Greek, punctuation, arrows and signs, the 3,755 characters of GB 2312's first level, and a few terms.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

TARGET = Path(__file__).parent.parent / "src/seelearn/fonts/SeelearnSansSC-Regular.otf"
FAMILY = "Seelearn Sans SC"  # a changed font must not keep the original's name (OFL, clause 3)

TERMS = "熵阈鸢萼阱"
"""Rarer characters that machine learning needs: entropy, threshold, iris, sepal, trap."""


def first_level() -> str:
    """Return the characters of rows 16–55 of GB 2312, in use order: the common ones."""
    codes = [bytes([row + 0xA0, cell + 0xA0]) for row in range(16, 56) for cell in range(1, 95)]
    return "".join(code.decode("gb2312", errors="ignore") for code in codes)


def main() -> None:
    """Read the collection named on the command line and write the cut font."""
    collection = TTCollection(sys.argv[1])
    font = next(f for f in collection.fonts if f["name"].getDebugName(1) == "Noto Sans CJK SC")
    options = subset.Options(layout_features=["kern"], hinting=False, desubroutinize=False)
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    cutter = subset.Subsetter(options)
    ranges = [(0x20, 0x7F), (0xA0, 0x180), (0x370, 0x400), (0x2010, 0x2040), (0x2070, 0x20A0),
              (0x2190, 0x21D5), (0x2200, 0x2270), (0x3000, 0x3030), (0xFF01, 0xFF60)]  # fmt: skip
    signs = "".join(chr(code) for start, end in ranges for code in range(start, end))
    cutter.populate(text=first_level() + TERMS + signs)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in {1, 4}:
            record.string = FAMILY
        elif record.nameID in {3, 6}:
            record.string = FAMILY.replace(" ", "") + "-Regular"
    font["CFF "].cff.fontNames[0] = FAMILY.replace(" ", "") + "-Regular"
    top = font["CFF "].cff.topDictIndex[0]
    top.FamilyName, top.FullName = FAMILY, FAMILY
    font.save(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
