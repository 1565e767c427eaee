"""The CLIP evaluation as one SVG: a panel a measure, a group of bars a set, a bar a variant with its deviation, a dashed line for chance."""

from html import escape

import numpy as np

PANELS = (("zero_shot", "top1", "Zero-shot emotion, top-1"), ("retrieval", "i2t_r1", "Image to text, R@1"), ("retrieval", "t2i_r1", "Text to image, R@1"))
COLOURS = ("#9aa5b1", "#5b8def", "#e0a030", "#c0504d", "#6aa84f", "#8e63ce")
BAR, GAP, HEIGHT, LEFT, TOP, LABELS = 16, 28, 150, 44, 40, 64


def as_svg(result):
    sets, variants = result["sets"], list(result["models"])
    width = LEFT + len(sets) * (len(variants) * BAR + GAP) + GAP
    parts = [_text(LEFT + 110 * i + 14, 14, name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(variants)]
    for row, (measure, column, title) in enumerate(PANELS):
        parts += _panel(TOP + row * (HEIGHT + LABELS), width, sets, variants, measure, column, title)
    height = TOP + len(PANELS) * (HEIGHT + LABELS)
    size = f'width="{max(width, 480)}" height="{height}" viewBox="0 0 {max(width, 480)} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def _panel(top, width, sets, variants, measure, column, title):
    base = top + HEIGHT
    parts = [_text(LEFT, top - 8, f"{title}, %", "#222")]
    for share in (0, 50, 100):
        y = base - share / 100 * HEIGHT
        parts += [f'<line x1="{LEFT}" x2="{width}" y1="{y}" y2="{y}" stroke="#e4e7eb"/>', _text(LEFT - 28, y + 3, str(share), "#666")]
    for group, (name, entry) in enumerate(sets.items()):
        x = LEFT + GAP / 2 + group * (len(variants) * BAR + GAP)
        parts.append(f'<g transform="translate({x},{base + 12}) rotate(18)">{_text(0, 0, name.removeprefix("MoodArchive-mini, ")[:34], "#444")}</g>')
        for at, variant in enumerate(variants):
            folds = [value for seed in entry["variants"][variant] if measure in seed for value in seed[measure]["folds"][column]]
            if folds:
                parts += _bar(x + at * BAR, base, np.mean(folds), np.std(folds), COLOURS[at % len(COLOURS)])
        first = entry["variants"][variants[0]][0]
        if measure in first:
            y = base - first[measure]["chance"][column] * HEIGHT
            parts.append(f'<line x1="{x - 4}" x2="{x + len(variants) * BAR + 2}" y1="{y}" y2="{y}" stroke="#222" stroke-dasharray="3 2"/>')
    return parts


def _bar(x, base, mean, deviation, colour):
    middle, high, low = x + BAR / 2 - 1, base - (mean + deviation) * HEIGHT, base - max(0.0, mean - deviation) * HEIGHT
    bar = f'<rect x="{x}" y="{base - mean * HEIGHT:.1f}" width="{BAR - 2}" height="{mean * HEIGHT:.1f}" fill="{colour}"/>'
    return [bar, f'<line x1="{middle}" x2="{middle}" y1="{high:.1f}" y2="{low:.1f}" stroke="#222"/>']


def _text(x, y, text, colour):
    return f'<text x="{x}" y="{y}" fill="{colour}">{escape(text)}</text>'
