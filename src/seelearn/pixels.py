"""Numbers as pixels: what `show.image` draws."""

import base64
import io
import math
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

BLUE, WHITE, ORANGE, BLACK = (0, 84, 140), (255, 255, 255), (196, 92, 0), (0, 0, 0)
MISSING = (176, 18, 66, 255)
"""The colour of what is not a number."""
LARGEST = 1024
"""Pixels that a picture may have on a side: a recording is to be sent and kept."""

Pixels = NDArray[np.uint8]


class Picture(TypedDict):
    """The part of an image event that depends on its values."""

    url: str
    width: int
    height: int
    low: float | None
    high: float | None


def picture(values: ArrayLike, low: float | None, high: float | None) -> Picture:
    """Return one picture of [rows, columns] or [images, rows, columns] numbers, or of uint8 colours [..., 3].

    Raises ValueError for another number of axes, and for more than `LARGEST` pixels on a side.
    """
    array = np.asarray(values)
    if array.dtype == np.uint8 and array.shape[-1:] == (3,):
        pixels, low, high = np.concatenate([array, np.full_like(array[..., :1], 255)], axis=-1), None, None
    else:
        array = array.astype(np.float64)
        low, high = _range(array, low, high)
        pixels = _colour(array, low, high)
    if pixels.ndim not in {3, 4} or pixels.size == 0:
        raise ValueError(f"a picture has the shape [rows, columns] or [images, rows, columns], not {list(array.shape)}")
    whole = _side_by_side(pixels) if pixels.ndim == 4 else pixels
    height, width = whole.shape[:2]
    if max(height, width) > LARGEST:
        raise ValueError(
            f"a picture of {width} × {height} pixels; each side may have {LARGEST}: show fewer or smaller ones"
        )
    file = io.BytesIO()
    Image.fromarray(whole).save(file, "PNG")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return {"url": url, "width": width, "height": height, "low": low, "high": high}


def _range(array: NDArray[Any], low: float | None, high: float | None) -> tuple[float, float]:
    real = array[np.isfinite(array)]
    least, most = (float(real.min()), float(real.max())) if real.size else (0.0, 1.0)
    return (least if low is None else low), (most if high is None else high)


def _colour(array: NDArray[Any], low: float, high: float) -> Pixels:
    """Return red, green, blue and opacity of every number."""
    known = np.isfinite(array)
    clean = np.where(known, array, low)
    if low < 0 < high:
        share = np.clip(clean / max(-low, high), -1, 1)[..., None]
        ends = np.where(share < 0, np.array(BLUE), np.array(ORANGE))
    else:
        share = np.clip((clean - low) / (high - low if high > low else 1), 0, 1)[..., None]
        ends = np.broadcast_to(np.array(BLACK), (*array.shape, 3))
    colours = np.array(WHITE) + np.abs(share) * (ends - np.array(WHITE))
    pixels = np.concatenate([colours, np.full_like(share, 255)], axis=-1).round().astype(np.uint8)
    pixels[~known] = MISSING
    return pixels


def _side_by_side(pixels: Pixels) -> Pixels:
    """Return [images, rows, columns, 4] as one picture, about as wide as high, with a clear pixel between two."""
    number, rows, columns, _ = pixels.shape
    across = min(number, max(1, round(math.sqrt(number * rows / columns))))
    down = -(-number // across)
    whole = np.zeros((down * (rows + 1) - 1, across * (columns + 1) - 1, 4), np.uint8)
    for index, one in enumerate(pixels):
        top, left = index // across * (rows + 1), index % across * (columns + 1)
        whole[top : top + rows, left : left + columns] = one
    return whole
