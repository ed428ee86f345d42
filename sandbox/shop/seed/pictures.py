"""Product pictures, drawn with Pillow: plain shapes on a soft ground, no file or font needed."""

import io
import math
from collections.abc import Callable, Iterable

from PIL import Image, ImageDraw

#: Drawn on a grid of 100 by 100, at twice the size for smooth edges.
SIZE = 800
_SCALE = 2 * SIZE / 100

Point = tuple[float, float]


class Canvas:
    """Shapes in units of one hundredth of the picture."""

    def __init__(self, ground: str, glow: str) -> None:
        self._image = Image.new("RGB", (2 * SIZE, 2 * SIZE), ground)
        self._draw = ImageDraw.Draw(self._image)
        self.ellipse(8, 8, 92, 92, glow)

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self._image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def polygon(self, points: Iterable[Point], fill: str) -> None:
        self._draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=fill)

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        self._draw.ellipse([edge * _SCALE for edge in (left, top, right, bottom)], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, radius: float = 0) -> None:
        corners = [edge * _SCALE for edge in (left, top, right, bottom)]
        self._draw.rounded_rectangle(corners, radius * _SCALE, fill=fill)

    def line(self, points: Iterable[Point], fill: str, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * _SCALE), joint="curve")
        for x, y in (scaled[0], scaled[-1]):
            reach = width * _SCALE / 2
            self._draw.ellipse([x - reach, y - reach, x + reach, y + reach], fill=fill)


def jumper() -> bytes:
    canvas = Canvas("#e9e4da", "#f4f0e8")
    wool, dark, light = "#28486b", "#1d3753", "#f3ead7"
    canvas.polygon([(33, 26), (14, 40), (10, 72), (20, 74), (29, 48)], wool)
    canvas.polygon([(67, 26), (86, 40), (90, 72), (80, 74), (71, 48)], wool)
    canvas.polygon([(32, 25), (68, 25), (73, 46), (72, 82), (28, 82), (27, 46)], wool)
    canvas.box(27.5, 78, 72.5, 84, dark, 1.5)
    canvas.polygon([(10, 70), (20.5, 72), (20, 77), (9.5, 75)], dark)
    canvas.polygon([(90, 70), (79.5, 72), (80, 77), (90.5, 75)], dark)
    for row, (y, left, right) in enumerate([(33, 32, 68), (44, 28.5, 71.5)]):
        canvas.box(left, y - 3.4, right, y + 3.4, light)
        steps = 8 + 2 * row
        for step in range(steps):
            x = left + (step + 0.5) * (right - left) / steps
            canvas.polygon([(x, y - 2.4), (x + 1.7, y), (x, y + 2.4), (x - 1.7, y)], "#a8322d")
    for y in range(52, 77, 4):
        for x in range(31 + (y // 4 % 2) * 2, 71, 4):
            canvas.ellipse(x - 0.5, y - 0.5, x + 0.5, y + 0.5, light)
    canvas.ellipse(39, 19, 61, 31, dark)
    canvas.ellipse(42, 20.5, 58, 27.5, "#f4f0e8")
    return canvas.png()


def cheese_slicer() -> bytes:
    canvas = Canvas("#f1e3cf", "#f8efe1")
    canvas.polygon([(16, 62), (58, 50), (84, 60), (84, 78), (42, 88), (16, 79)], "#9a5a2c")
    canvas.polygon([(16, 62), (58, 50), (84, 60), (42, 72)], "#b9733d")
    canvas.polygon([(42, 72), (84, 60), (84, 78), (42, 88)], "#87491f")
    canvas.polygon([(20, 60.8), (58, 50), (66, 53), (30, 63.5)], "#d0935a")
    canvas.line([(70, 20), (56, 36)], "#7a4a22", 6.5)
    canvas.line([(71, 19), (57, 35)], "#a36a38", 3.4)
    canvas.line([(56, 36), (51, 42)], "#9aa4aa", 3)
    canvas.polygon([(53, 39), (59, 45), (40, 64), (28, 56), (30, 50)], "#c9d1d5")
    canvas.polygon([(50, 42), (54, 46), (39, 60), (33, 56)], "#dfe5e8")
    canvas.line([(34, 52), (43, 58.5)], "#6d787e", 1.3)
    return canvas.png()


def mountain_map() -> bytes:
    canvas = Canvas("#dfe6dc", "#ebf0e8")
    land = ["#d6e2bd", "#c7d8ab", "#d6e2bd", "#c7d8ab"]
    for fold, colour in enumerate(land):
        left = 16 + 17 * fold
        lift = 4 if fold % 2 else 0
        canvas.polygon(
            [(left, 24 + lift), (left + 17, 28 - lift), (left + 17, 80 - lift), (left, 76 + lift)], colour
        )
    for reach in range(6):
        ring = []
        for step in range(61):
            angle = step * math.tau / 60
            radius = (19 - 3 * reach) * (1 + 0.16 * math.sin(3 * angle + 0.6) + 0.08 * math.cos(5 * angle))
            ring.append((40 + 1.05 * radius * math.cos(angle), 45 + 0.9 * radius * math.sin(angle)))
        canvas.line(ring, "#a07a4c", 0.45)
    canvas.polygon([(40, 41), (43, 46), (37, 46)], "#6b4a26")
    canvas.polygon([(60, 66), (66, 60), (76, 59), (80, 64), (73, 70), (63, 71)], "#8fbcd4")
    trail = [(20, 72), (27, 66), (33, 68), (41, 60), (49, 63), (57, 53), (64, 52), (70, 42), (78, 34)]
    canvas.line(trail, "#c8352c", 1)
    canvas.ellipse(18, 70, 22, 74, "#c8352c")
    canvas.polygon([(73, 36), (78, 30.5), (83, 36)], "#7a2a22")
    canvas.box(74.5, 36, 81.5, 41, "#a5473a")
    return canvas.png()


def waffle_iron() -> bytes:
    canvas = Canvas("#e8ddd5", "#f3ebe5")
    iron, edge, waffle = "#2f3336", "#1f2224", "#e2a650"
    canvas.line([(50, 70), (50, 92)], "#5c3a20", 6)
    canvas.ellipse(16, 10, 84, 78, edge)
    canvas.ellipse(18, 12, 82, 76, iron)
    for petal in range(5):
        angle = petal * math.tau / 5 - math.pi / 2
        canvas.polygon(_heart(50, 44, angle, 0, 0.92), waffle)
        for inset, size in ((5.2, 0.62), (9.4, 0.34)):
            canvas.line(_heart(50, 44, angle, inset, size), "#bd7f2f", 0.9)
    return canvas.png()


def _heart(x: float, y: float, angle: float, distance: float, size: float) -> list[Point]:
    """A heart that points to (x, y), its tip at a distance from there."""
    points = []
    for step in range(61):
        turn = step * math.tau / 60
        across = size * 14.5 * math.sin(turn) ** 3
        height = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)
        along = distance + size * (17 + height)
        points.append(
            (
                x + along * math.cos(angle) - across * math.sin(angle),
                y + along * math.sin(angle) + across * math.cos(angle),
            )
        )
    return points


def _chord(x: float, y: float, radius: float, offset: float, angle: float) -> list[Point]:
    half = math.sqrt(max(radius**2 - offset**2, 0))
    across, along = (-math.sin(angle), math.cos(angle)), (math.cos(angle), math.sin(angle))
    return [
        (x + offset * across[0] + side * half * along[0], y + offset * across[1] + side * half * along[1])
        for side in (-1, 1)
    ]


def rain_jacket() -> bytes:
    canvas = Canvas("#cfe0e6", "#e0ecf0")
    yellow, shade, dark = "#f5c518", "#dba90c", "#b98b06"
    canvas.polygon([(35, 32), (18, 44), (12, 68), (22, 72), (31, 54)], shade)
    canvas.polygon([(65, 32), (82, 44), (88, 68), (78, 72), (69, 54)], shade)
    canvas.polygon([(36, 30), (64, 30), (70, 46), (75, 84), (25, 84), (30, 46)], yellow)
    canvas.ellipse(35, 13, 65, 41, shade)
    canvas.ellipse(39, 18, 61, 40, "#7a5d04")
    canvas.polygon([(39, 30), (61, 30), (57, 42), (50, 45), (43, 42)], yellow)
    canvas.line([(50, 45), (50, 83)], dark, 0.8)
    for y in (50, 60, 70, 79):
        canvas.ellipse(51.8, y - 1.5, 54.8, y + 1.5, "#ffffff")
    for left in (32, 57):
        canvas.box(left, 63, left + 12, 74, shade, 1.5)
        canvas.box(left, 63, left + 12, 66, dark, 1)
    for x, y in [(14, 22), (24, 14), (76, 16), (86, 26), (90, 48), (9, 46), (84, 86), (15, 86)]:
        canvas.polygon([(x, y - 3.6), (x + 1.7, y), (x - 1.7, y)], "#6fa3b8")
        canvas.ellipse(x - 1.7, y - 1.6, x + 1.7, y + 1.8, "#6fa3b8")
    return canvas.png()


def ebook() -> bytes:
    canvas = Canvas("#e4dff0", "#f0ecf7")
    canvas.box(25, 12, 75, 88, "#33313d", 4)
    canvas.box(29, 17, 71, 80, "#fbf7ee", 1)
    canvas.ellipse(48.3, 82.3, 51.7, 85.7, "#5b5868")
    canvas.box(36, 24, 64, 27.5, "#8a3b2e", 1)
    canvas.box(41, 30, 59, 32, "#c9b9a6", 1)
    canvas.ellipse(37, 37, 63, 63, "#e2a650")
    for line in (-2, -1, 0, 1, 2):
        canvas.line(_chord(50, 50, 12.4, line * 4.6, math.pi / 4), "#bd7f2f", 0.7)
        canvas.line(_chord(50, 50, 12.4, line * 4.6, -math.pi / 4), "#bd7f2f", 0.7)
    canvas.ellipse(46.5, 45, 53.5, 52, "#b3262e")
    for y, right in ((68, 66), (71.5, 66), (75, 56)):
        canvas.box(34, y, right, y + 1.2, "#c4bfb4", 0.6)
    return canvas.png()


def art_print() -> bytes:
    canvas = Canvas("#e5e2dc", "#f0eee9")
    canvas.box(19, 11, 81, 89, "#3c342c", 0.6)
    canvas.box(21, 13, 79, 87, "#fdfcf9")
    canvas.box(27, 19, 73, 81, "#f6c9a4")
    canvas.box(27, 19, 73, 30, "#f0a98a")
    canvas.ellipse(56, 30, 66, 40, "#fff3d6")
    canvas.polygon([(27, 58), (36, 36), (42, 46), (50, 28), (59, 47), (64, 40), (73, 58)], "#3f5873")
    canvas.polygon([(50, 28), (53.6, 35.6), (50.5, 39), (48.6, 36), (46, 38.2)], "#f4f1ec")
    canvas.polygon([(36, 36), (38.8, 41), (36, 42.5), (33.6, 42)], "#f4f1ec")
    canvas.box(27, 58, 73, 81, "#5f86a3")
    for y, left, right in ((63, 31, 55), (67, 40, 69), (71.5, 30, 48), (75.5, 46, 70)):
        canvas.box(left, y, right, y + 0.9, "#86a9c1", 0.4)
    canvas.box(58, 53, 65, 59.5, "#a8322d")
    canvas.polygon([(57, 53.4), (61.5, 49), (66, 53.4)], "#54231f")
    return canvas.png()


def flask() -> bytes:
    canvas = Canvas("#d9e3dd", "#e8efea")
    steel, green, dark = "#c8ced1", "#3f6b57", "#2f5343"
    canvas.box(38, 14, 62, 31, steel, 3)
    canvas.box(41, 16, 45, 30, "#e6eaec", 1.5)
    canvas.box(36, 29, 64, 34, "#8f989c", 1)
    canvas.box(33, 33, 67, 87, green, 5)
    canvas.box(37, 37, 42, 83, "#56846f", 2)
    canvas.box(60, 36, 67, 85, dark, 3)
    canvas.polygon([(40, 68), (47, 54), (51, 60), (55, 51), (62, 68)], "#e9efe9")
    canvas.polygon([(47, 54), (49, 57), (45.4, 57)], green)
    canvas.box(33, 74, 67, 76, steel)
    return canvas.png()


#: Article number -> its picture.
PICTURES: dict[str, Callable[[], bytes]] = {
    "FF-1001": jumper,
    "FF-1002": rain_jacket,
    "FF-2001": cheese_slicer,
    "FF-2002": waffle_iron,
    "FF-3001": mountain_map,
    "FF-3002": flask,
    "FF-4001": ebook,
    "FF-5001": art_print,
}
