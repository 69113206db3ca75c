"""Small poster-like pictures for the demo's articles, drawn and encoded with nothing but zlib.

Each outlet has its palette, each piece its motif; hills and stars differ by the piece's slug. The
result is an indexed-colour PNG (https://www.w3.org/TR/png-3/), about ten kilobytes.
"""

import math
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

from bot.demo.content import Outlet, Piece, Rgb

WIDTH, HEIGHT = 960, 540  # pixels; shown at about 400, so that edges come out smooth
ICON = 128  # pixels, square

Point = tuple[float, float]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HORIZON = 380.0
_WHITE: Rgb = (255, 255, 255)

_LETTERS = {  # five by seven, a row a string
    "C": (".###.", "#...#", "#....", "#....", "#....", "#...#", ".###."),
    "W": ("#...#", "#...#", "#...#", "#.#.#", "#.#.#", "##.##", "#...#"),
    "P": ("####.", "#...#", "#...#", "####.", "#....", "#....", "#...."),
    "F": ("#####", "#....", "#....", "####.", "#....", "#....", "#...."),
    "B": ("####.", "#...#", "#...#", "####.", "#...#", "#...#", "####."),
}


class Canvas:
    """Pixels of at most 256 colours, and the few shapes that the motifs are made of."""

    def __init__(self, width: int, height: int, colour: Rgb) -> None:
        self.width = width
        self.height = height
        self._palette: dict[Rgb, int] = {colour: 0}
        self._pixels = bytearray(width * height)

    def polygon(self, points: Sequence[Point], colour: Rgb) -> None:
        """Fill a polygon, by the even-odd rule, a row at a time."""
        ink = self._ink(colour)
        edges = list(zip(points, [*points[1:], points[0]], strict=True))
        top = max(0, math.floor(min(y for _, y in points)))
        bottom = min(self.height, math.ceil(max(y for _, y in points)))
        for row in range(top, bottom):
            middle = row + 0.5
            crossings = sorted(
                x1 + (middle - y1) * (x2 - x1) / (y2 - y1)
                for (x1, y1), (x2, y2) in edges
                if (y1 <= middle) != (y2 <= middle)
            )
            for left, right in zip(crossings[::2], crossings[1::2], strict=True):
                self._span(row, left, right, ink)

    def box(self, x: float, y: float, width: float, height: float, colour: Rgb) -> None:
        """Fill a rectangle given by its top left corner."""
        ink = self._ink(colour)
        for row in range(max(0, round(y)), min(self.height, round(y + height))):
            self._span(row, x, x + width, ink)

    def disc(self, x: float, y: float, radius: float, colour: Rgb, *, flat: float = 1.0) -> None:
        """Fill a circle, or an ellipse *flat* times as high as it is wide."""
        ink = self._ink(colour)
        height = radius * flat
        for row in range(max(0, round(y - height)), min(self.height, round(y + height))):
            share = max(0.0, 1 - ((row + 0.5 - y) / height) ** 2)
            half = radius * math.sqrt(share)
            self._span(row, x - half, x + half, ink)

    def line(self, start: Point, end: Point, thickness: float, colour: Rgb) -> None:
        """Draw a straight line."""
        (x1, y1), (x2, y2) = start, end
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        dx, dy = (y1 - y2) / length * thickness / 2, (x2 - x1) / length * thickness / 2
        corners = [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)]
        self.polygon(corners, colour)

    def path(self, points: Sequence[Point], thickness: float, colour: Rgb) -> None:
        """Draw lines from point to point, with round joints."""
        for start, end in pairwise(points):
            self.line(start, end, thickness, colour)
            self.disc(*end, thickness / 2, colour)

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        rows = b"".join(
            b"\0" + self._pixels[row * self.width : (row + 1) * self.width]
            for row in range(self.height)
        )
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        palette = b"".join(bytes(colour) for colour in self._palette)
        chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows))]
        return _SIGNATURE + b"".join(_chunk(*each) for each in [*chunks, (b"IEND", b"")])

    def _ink(self, colour: Rgb) -> int:
        return self._palette.setdefault(colour, len(self._palette))

    def _span(self, row: int, left: float, right: float, ink: int) -> None:
        start, end = max(0, round(left)), min(self.width, round(right))
        if start < end:
            offset = row * self.width
            self._pixels[offset + start : offset + end] = bytes((ink,)) * (end - start)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    r, g, b = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return r, g, b


class _Scene:
    """A canvas with a sky and the outlet's colours at hand."""

    def __init__(self, outlet: Outlet, seed: int) -> None:
        self.dark, self.light, self.accent = outlet.palette
        self.seed = seed
        self.mid = _mix(self.dark, self.light, 0.45)
        self.pale = _mix(self.light, _WHITE, 0.5)
        self.canvas = Canvas(WIDTH, HEIGHT, self.light)
        for step in range(18):
            shade = _mix(_mix(self.accent, self.light, 0.35), self.pale, step / 17)
            self.canvas.box(0, step * 30, WIDTH, 31, shade)

    def sun(self, x: float = 740, y: float = 150) -> None:
        self.canvas.disc(x, y, 64, self.pale)

    def hills(self, base: float, colour: Rgb, swing: float = 40) -> None:
        phase = self.seed % 97
        crest = [
            (x, base - swing * math.sin(x / 170 + phase) - swing / 2 * math.sin(x / 71 + phase))
            for x in range(0, WIDTH + 24, 24)
        ]
        self.canvas.polygon([(0.0, HEIGHT), *crest, (WIDTH, HEIGHT)], colour)

    def water(self, top: float = _HORIZON) -> None:
        self.canvas.box(0, top, WIDTH, HEIGHT - top, self.mid)
        for index in range(9):
            left = (self.seed * (index + 3) * 37) % WIDTH
            self.canvas.box(left, top + 18 + index * 15, 90 + 12 * index, 4, self.light)


def _bridge(scene: _Scene) -> None:
    scene.sun(690, 130)
    scene.hills(330, _mix(scene.mid, scene.light, 0.5))
    scene.water(400)
    draw = scene.canvas
    for x in (260, 700):
        draw.box(x - 14, 120, 28, 330, scene.dark)
    for left, right in ((-180, 260), (260, 700), (700, 1140)):
        cable = [
            (left + (right - left) * t / 20, 130 + 190 * (1 - (t / 10 - 1) ** 2)) for t in range(21)
        ]
        draw.path(cable, 7, scene.dark)
        for hanger, y in cable[1::2]:
            draw.line((hanger, y), (hanger, 340), 3, scene.dark)
    draw.box(0, 332, WIDTH, 22, scene.dark)
    crack = [(470, 332), (486, 340), (476, 346), (492, 354)]
    draw.path(crack, 5, scene.accent)


def _storm(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, HEIGHT, _mix(scene.dark, scene.light, 0.3))
    for x, y, radius in (
        (180, 120, 110),
        (330, 90, 140),
        (510, 110, 120),
        (650, 80, 130),
        (800, 120, 110),
    ):
        draw.disc(x, y, radius, _mix(scene.dark, scene.light, 0.12), flat=0.7)
    for index in range(34):
        x, y = (index * 173 + scene.seed) % 1000, 190 + (index * 61) % 190
        draw.line((x, y), (x - 26, y + 62), 3, _mix(scene.dark, scene.light, 0.55))
    draw.polygon(
        [(560, 170), (500, 290), (548, 290), (510, 400), (620, 262), (566, 262), (612, 170)],
        scene.accent,
    )
    for row, colour in (
        (410, scene.mid),
        (448, _mix(scene.dark, scene.light, 0.18)),
        (486, scene.dark),
    ):
        crest = [(x, row + 22 * math.sin(x / 52 + row)) for x in range(0, WIDTH + 16, 16)]
        draw.polygon([(0.0, HEIGHT), *crest, (WIDTH, HEIGHT)], colour)


def _chart(scene: _Scene) -> None:
    draw = scene.canvas
    for row in range(110, 470, 72):
        draw.box(90, row, 780, 3, _mix(scene.mid, scene.light, 0.6))
    for index in range(9):
        height = 60 + (scene.seed * (index + 5)) % 90 + 18 * (8 - index)
        draw.box(120 + index * 84, 470 - height, 48, height, _mix(scene.mid, scene.light, 0.3))
    rate = [
        (144, 130),
        (228, 130),
        (312, 178),
        (396, 178),
        (480, 240),
        (564, 240),
        (648, 304),
        (732, 304),
        (816, 352),
    ]
    draw.path(rate, 11, scene.dark)
    draw.disc(*rate[-1], 18, scene.accent)
    draw.box(90, 470, 780, 6, scene.dark)


def _parliament(scene: _Scene) -> None:
    scene.sun(480, 190)
    scene.hills(440, scene.mid, 12)
    draw = scene.canvas
    draw.disc(480, 230, 96, scene.dark)
    draw.box(474, 84, 12, 70, scene.dark)
    draw.polygon([(486, 86), (548, 102), (486, 118)], scene.accent)
    draw.box(180, 230, 600, 26, scene.dark)
    draw.polygon([(330, 230), (480, 166), (630, 230)], scene.dark)
    for index in range(11):
        draw.box(200 + index * 54, 262, 24, 170, scene.dark)
    for step in range(3):
        draw.box(180 - step * 26, 434 + step * 18, 600 + step * 52, 16, scene.dark)


def _factory(scene: _Scene) -> None:
    scene.sun(160, 140)
    scene.hills(400, _mix(scene.mid, scene.light, 0.4), 20)
    draw = scene.canvas
    for index, x in enumerate((610, 690, 770)):
        draw.box(x, 140 + index * 26, 36, 300, scene.dark)
    for index in range(4):
        draw.disc(640 + index * 62, 110 - index * 18, 34 + index * 9, scene.pale, flat=0.7)
    for index in range(4):
        left = 130 + index * 118
        draw.polygon([(left, 320), (left, 250), (left + 118, 320)], scene.dark)
    draw.box(130, 318, 700, 140, scene.dark)
    for index in range(9):
        draw.box(160 + index * 74, 356, 40, 44, scene.accent if index % 3 else scene.mid)
    draw.box(0, 456, WIDTH, HEIGHT, scene.mid)


def _lake(scene: _Scene) -> None:
    scene.sun(700, 120)
    scene.hills(280, _mix(scene.mid, scene.light, 0.55), 70)
    scene.hills(330, _mix(scene.mid, scene.light, 0.25), 30)
    scene.water(360)
    draw = scene.canvas
    hull = [(170, 420), (790, 420), (850, 384), (740, 470), (240, 470), (112, 384)]
    draw.polygon(hull, scene.dark)
    for index in range(12):
        x = 220 + index * 45
        draw.line((x, 430), (x + 14, 444), 4, scene.accent)
        draw.line((x + 14, 430), (x, 444), 4, scene.accent)


def _rocket(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, HEIGHT, _mix(scene.dark, (0, 0, 0), 0.3))
    for index in range(70):
        x, y = (index * 149 + scene.seed * 7) % WIDTH, (index * 83 + scene.seed) % 400
        draw.disc(x, y, 1.5 + index % 3, scene.pale)
    draw.disc(480, 1120, 760, scene.mid)
    draw.disc(480, 1134, 760, _mix(scene.dark, scene.accent, 0.35))
    for x in (-1, 1):
        draw.box(480 + x * 150 - 96, 196, 192, 86, scene.accent)
        for step in range(1, 4):
            draw.box(480 + x * 150 - 96 + step * 48, 196, 4, 86, scene.dark)
    draw.box(432, 160, 96, 156, scene.light)
    draw.polygon([(432, 316), (528, 316), (560, 356), (400, 356)], scene.pale)
    draw.line((480, 160), (480, 104), 6, scene.light)
    draw.disc(480, 100, 12, scene.accent)


def _theatre(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, HEIGHT, _mix(scene.dark, (0, 0, 0), 0.45))
    draw.disc(480, 420, 330, _mix(scene.accent, scene.light, 0.4), flat=0.8)
    draw.box(0, 440, WIDTH, 100, _mix(scene.dark, (0, 0, 0), 0.6))
    for index in range(8):
        drop = 470 - index * 44
        shade = scene.dark if index % 2 else _mix(scene.dark, scene.accent, 0.3)
        draw.box(index * 40, 0, 40, max(drop, 150), shade)
        draw.box(WIDTH - (index + 1) * 40, 0, 40, max(drop, 150), shade)
    draw.disc(480, 284, 34, scene.dark)
    draw.polygon([(480, 310), (420, 440), (540, 440)], scene.dark)
    draw.line((450, 350), (392, 300), 16, scene.dark)
    draw.line((510, 350), (570, 306), 16, scene.dark)


def _city(scene: _Scene) -> None:
    scene.sun(760, 140)
    draw = scene.canvas
    for layer, colour in enumerate((_mix(scene.mid, scene.light, 0.45), scene.dark)):
        x = -20
        for index in range(12):
            width = 76 + (scene.seed * (index + 2 + layer)) % 42
            height = 150 + (scene.seed * (index + 7) * (layer + 3)) % 170 - layer * 40
            draw.box(x, 470 - height, width - 6, height, colour)
            for window in range(2, height // 34):
                if layer and (index + window) % 3:
                    draw.box(x + 14, 478 - height + window * 30, width - 40, 12, scene.accent)
            x += width
    draw.box(0, 468, WIDTH, HEIGHT, scene.mid)


def _ship(scene: _Scene) -> None:
    scene.sun(180, 130)
    scene.water(380)
    draw = scene.canvas
    draw.polygon([(130, 330), (850, 330), (780, 430), (210, 430)], scene.dark)
    draw.box(240, 260, 470, 70, scene.pale)
    draw.box(300, 200, 330, 60, scene.light)
    draw.box(520, 120, 70, 80, scene.accent)
    for index in range(9):
        draw.box(266 + index * 48, 282, 26, 22, scene.mid)
    for index in range(5):
        draw.disc(
            580 + index * 62,
            104 - index * 12,
            26 + index * 9,
            _mix(scene.dark, scene.light, 0.4),
            flat=0.7,
        )


def _stadium(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, 300, _mix(scene.dark, (0, 0, 0), 0.2))
    for index in range(180):
        x, y = (index * 67) % WIDTH, 130 + (index * 29) % 160
        draw.disc(x, y, 8, (scene.accent, scene.light, scene.mid)[index % 3])
    for x in (80, 880):
        draw.box(x - 8, 40, 16, 260, scene.pale)
        draw.box(x - 60, 24, 120, 44, scene.pale)
    draw.box(0, 300, WIDTH, 240, _mix((46, 120, 70), scene.dark, 0.2))
    draw.box(0, 300, WIDTH, 6, _WHITE)
    draw.polygon(
        [(290, 306), (670, 306), (760, 420), (200, 420)], _mix((46, 120, 70), _WHITE, 0.12)
    )
    for start, end in (
        ((340, 306), (340, 196)),
        ((620, 306), (620, 196)),
        ((334, 196), (626, 196)),
    ):
        draw.line(start, end, 10, _WHITE)
    draw.disc(480, 452, 34, _WHITE)
    draw.polygon([(480, 434), (498, 448), (490, 468), (470, 468), (462, 448)], scene.dark)


def _harbour(scene: _Scene) -> None:
    scene.sun(800, 120)
    scene.hills(330, _mix(scene.mid, scene.light, 0.5), 24)
    scene.water(390)
    draw = scene.canvas
    draw.box(0, 380, 520, 40, scene.dark)
    for base in (150, 350):
        draw.box(base, 140, 18, 244, scene.dark)
        draw.box(base + 74, 140, 18, 244, scene.dark)
        draw.box(base - 40, 128, 330, 18, scene.dark)
        draw.line((base + 46, 66), (base + 280, 132), 6, scene.dark)
        draw.line((base + 46, 66), (base + 46, 132), 10, scene.dark)
        draw.line((base + 230, 146), (base + 230, 250), 4, scene.dark)
        draw.box(base + 196, 250, 70, 40, scene.accent)
    draw.polygon(
        [(560, 400), (940, 400), (900, 470), (600, 470)], _mix(scene.dark, scene.accent, 0.4)
    )
    for index in range(5):
        draw.box(
            590 + index * 62,
            356 - (index % 2) * 40,
            56,
            44 + (index % 2) * 40,
            (scene.accent, scene.light)[index % 2],
        )


def _runner(scene: _Scene) -> None:
    scene.sun(200, 140)
    scene.hills(390, scene.mid, 26)
    draw = scene.canvas
    draw.box(0, 440, WIDTH, 100, scene.dark)
    for index in range(6):
        draw.box(40 + index * 170, 488, 90, 8, scene.light)
    for x, colour in ((330, scene.dark), (600, scene.accent)):
        draw.disc(x + 24, 184, 30, colour)
        draw.path([(x + 14, 216), (x, 310)], 34, colour)
        draw.path([(x, 310), (x + 66, 356), (x + 40, 436)], 22, colour)
        draw.path([(x, 310), (x - 30, 376), (x - 96, 390)], 22, colour)
        draw.path([(x + 12, 232), (x + 60, 282), (x + 104, 252)], 17, colour)
        draw.path([(x + 12, 232), (x - 44, 270), (x - 70, 232)], 17, colour)


def _train(scene: _Scene) -> None:
    scene.sun(720, 120)
    scene.hills(300, _mix(scene.mid, scene.light, 0.5), 60)
    scene.hills(400, scene.mid, 16)
    draw = scene.canvas
    draw.polygon([(60, 260), (760, 260), (860, 330), (880, 400), (60, 400)], scene.dark)
    draw.box(60, 352, 812, 14, scene.accent)
    for index in range(6):
        draw.box(96 + index * 104, 286, 70, 44, scene.pale)
    draw.polygon([(740, 284), (772, 284), (826, 330), (740, 330)], scene.pale)
    for index in range(7):
        draw.disc(130 + index * 116, 410, 20, scene.dark)
    draw.box(0, 428, WIDTH, 10, scene.dark)
    for index in range(16):
        draw.box(index * 62, 440, 36, 12, scene.dark)


def _forest(scene: _Scene) -> None:
    scene.sun(240, 130)
    scene.hills(330, _mix(scene.mid, scene.light, 0.5), 60)
    scene.hills(430, scene.mid, 20)
    draw = scene.canvas
    for index in range(13):
        x, size = (index * 83 + scene.seed) % WIDTH, 0.7 + (index * 7 % 5) / 8
        base = 440 + index * 6
        draw.box(x - 7, base - 30, 14, 40, scene.dark)
        for step in range(3):
            top, half = base - (210 - step * 62) * size, (34 + step * 22) * size
            draw.polygon(
                [(x, top), (x + half, top + 92 * size), (x - half, top + 92 * size)], scene.dark
            )
    draw.disc(620, 486, 150, scene.accent, flat=0.14)


def _museum(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, HEIGHT, _mix(scene.dark, scene.light, 0.15))
    for index, (x, y, lean) in enumerate(((120, 120, 18), (390, 90, -14), (640, 140, 22))):
        sheet = [(x, y), (x + 210, y + lean), (x + 210 - lean, y + lean + 290), (x - lean, y + 290)]
        draw.polygon(sheet, scene.pale if index % 2 else scene.light)
        for row in range(9):
            start = (x + 22, y + 44 + row * 26)
            draw.line(start, (x + 170 - (row * 31) % 50, start[1] + lean * 0.7), 5, scene.mid)
        draw.disc(x + 160, y + 250, 22, scene.accent)


def _battery(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 430, WIDTH, 110, scene.mid)
    for index, x in enumerate((190, 400, 610)):
        draw.box(x, 150, 160, 290, scene.dark)
        draw.box(x + 52, 118, 56, 34, scene.dark)
        level = 230 - index * 40
        draw.box(x + 18, 420 - level, 124, level, scene.accent)
        draw.box(x + 18, 168, 124, 244 - level, _mix(scene.dark, scene.light, 0.25))
    for index in range(26):
        draw.disc((index * 137 + scene.seed) % WIDTH, (index * 71) % 420, 5, _WHITE)


def _seal(scene: _Scene) -> None:
    draw = scene.canvas
    for step in range(18):
        draw.box(
            0,
            step * 30,
            WIDTH,
            31,
            _mix(_mix(scene.accent, scene.light, 0.3), scene.dark, step / 17),
        )
    spiral = [
        (480 + (300 - t * 1.6) * math.cos(t / 9), 120 + t * 2.2 + 34 * math.sin(t / 9))
        for t in range(150)
    ]
    draw.path(spiral, 4, scene.light)
    body = [
        (300, 250),
        (420, 200),
        (560, 206),
        (650, 250),
        (720, 236),
        (700, 268),
        (724, 300),
        (648, 282),
        (540, 310),
        (400, 300),
    ]
    draw.polygon(body, _mix(scene.dark, (0, 0, 0), 0.3))
    draw.disc(330, 250, 54, _mix(scene.dark, (0, 0, 0), 0.3))
    draw.polygon([(450, 290), (520, 300), (470, 372)], _mix(scene.dark, (0, 0, 0), 0.3))
    draw.path([(304, 244), (318, 250), (332, 244)], 4, scene.light)
    for index in range(7):
        draw.disc(270 - index * 14, 210 - index * 30, 6 + index, scene.light)


def _chip(scene: _Scene) -> None:
    draw = scene.canvas
    draw.box(0, 0, WIDTH, HEIGHT, _mix(scene.dark, scene.accent, 0.2))
    for index in range(9):
        at = 150 + index * 30
        for start, end in (((0, at - 40), (330, at)), ((WIDTH, at - 40), (630, at))):
            draw.path(
                [start, ((start[0] + end[0]) / 2, start[1]), ((start[0] + end[0]) / 2, at), end],
                6,
                scene.accent,
            )
    draw.box(330, 120, 300, 300, _mix(scene.dark, (0, 0, 0), 0.5))
    draw.box(390, 180, 180, 180, scene.mid)
    for row in range(6):
        for column in range(6):
            if (row * 5 + column * 3 + scene.seed) % 4:
                draw.box(402 + column * 27, 192 + row * 27, 21, 21, scene.light)


def _microscope(scene: _Scene) -> None:
    draw = scene.canvas
    draw.disc(600, 270, 220, scene.pale)
    draw.disc(600, 270, 204, _mix(scene.light, scene.accent, 0.35))
    for index in range(16):
        angle, away = index * 2.4, 24 + index * 10.5
        x, y = 600 + away * math.cos(angle), 270 + away * math.sin(angle)
        draw.disc(x, y, 24, (scene.dark, scene.mid)[index % 2], flat=0.55)
    draw.box(120, 450, 250, 34, scene.dark)
    draw.path([(330, 450), (360, 340), (300, 236)], 30, scene.dark)
    draw.line((180, 96), (284, 292), 62, scene.dark)
    draw.line((160, 60), (188, 112), 84, scene.accent)
    draw.line((284, 292), (304, 330), 34, scene.mid)
    draw.box(190, 370, 180, 20, scene.dark)


def _vineyard(scene: _Scene) -> None:
    scene.sun(720, 130)
    scene.hills(280, _mix(scene.mid, scene.light, 0.55), 60)
    draw = scene.canvas
    draw.polygon(
        [(0, 360), (WIDTH, 300), (WIDTH, HEIGHT), (0, HEIGHT)], _mix(scene.mid, scene.accent, 0.25)
    )
    for index in range(12):
        top = (380 + index * 26, 346 - index * 2)
        foot = (-220 + index * 130, HEIGHT)
        draw.line(foot, top, 15, _mix((74, 110, 50), scene.dark, 0.3))
    for x, y in (
        (140, 180),
        (190, 184),
        (165, 214),
        (215, 216),
        (190, 246),
        (114, 212),
        (140, 246),
        (165, 278),
    ):
        draw.disc(x, y, 29, _mix(scene.dark, (90, 30, 90), 0.6))
        draw.disc(x - 9, y - 9, 7, scene.light)
    draw.polygon([(160, 150), (226, 96), (250, 150), (200, 166)], (74, 110, 50))


MOTIFS: dict[str, Callable[[_Scene], None]] = {
    "battery": _battery,
    "bridge": _bridge,
    "chart": _chart,
    "chip": _chip,
    "city": _city,
    "factory": _factory,
    "forest": _forest,
    "harbour": _harbour,
    "lake": _lake,
    "microscope": _microscope,
    "museum": _museum,
    "parliament": _parliament,
    "rocket": _rocket,
    "runner": _runner,
    "seal": _seal,
    "ship": _ship,
    "stadium": _stadium,
    "storm": _storm,
    "theatre": _theatre,
    "train": _train,
    "vineyard": _vineyard,
}


def draw_picture(outlet: Outlet, piece: Piece) -> bytes:
    """Return a piece's picture."""
    scene = _Scene(outlet, zlib.crc32(f"{outlet.slug}/{piece.slug}".encode()) % 997)
    MOTIFS[piece.picture](scene)
    scene.canvas.box(0, HEIGHT - 10, WIDTH, 10, scene.accent)
    return scene.canvas.png()


def draw_icon(outlet: Outlet) -> bytes:
    """Return an outlet's icon: its initial, light on dark, over a bar of its accent colour."""
    dark, light, accent = outlet.palette
    canvas = Canvas(ICON, ICON, dark)
    for row, cells in enumerate(_LETTERS[outlet.slug[0].upper()]):
        for column, cell in enumerate(cells):
            if cell == "#":
                canvas.box(29 + column * 14, 12 + row * 13, 14, 13, light)
    canvas.box(0, 112, ICON, 16, accent)
    return canvas.png()


def png_size(body: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG; None for anything else."""
    if not body.startswith(_SIGNATURE) or body[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", body[16:24])
    return width, height


def draw_avatar() -> bytes:
    """Return the bot's own picture: a horn, light on Discord's blue."""
    blue, light, gold = (88, 101, 242), (255, 255, 255), (240, 178, 50)
    canvas = Canvas(ICON, ICON, blue)
    canvas.polygon([(22, 54), (44, 54), (88, 28), (88, 100), (44, 74), (22, 74)], light)
    canvas.disc(88, 64, 12, light, flat=3.0)
    canvas.disc(88, 64, 6, gold, flat=4.0)
    canvas.polygon([(38, 74), (52, 76), (60, 102), (46, 102)], light)
    return canvas.png()


def draw_face(background: Rgb) -> bytes:
    """Return a member's picture: head and shoulders."""
    canvas = Canvas(ICON, ICON, background)
    pale = _mix(background, _WHITE, 0.75)
    canvas.disc(64, 50, 24, pale)
    canvas.disc(64, 128, 44, pale)
    return canvas.png()
