"""The plots of survey.py: throughput against client threads, sizes of databases and of values, as one HTML page.

Each workload is a chart, each engine a line; both axes are logarithmic, so a straight line is a power of the size and
parallel ones are a constant ratio. The page needs nothing but itself.
"""
import html
import math

ENGINES = ["amethyst", "rocksdb", "leveldb", "lmdb"]
WIDTH, HEIGHT = 300, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 24, 30

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Amethyst beside other stores</title><style>
:root { color-scheme: light dark; --back: #fff; --text: #222; --dim: #777; --line: #ddd;
  --c0: #8a3ffc; --c1: #d2691e; --c2: #0072b2; --c3: #2e8b57; }
@media (prefers-color-scheme: dark) { :root { --back: #16141c; --text: #e6e4ea; --dim: #9a96a4; --line: #38343f;
  --c0: #b48cff; --c1: #ff9f55; --c2: #5ab4f0; --c3: #62c98f; } }
body { background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif; max-width: 120rem;
  margin: 2rem auto; padding: 0 1rem; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); }
svg { width: 100%; height: auto; }
svg text { fill: var(--text); font-size: 10px; } svg .tick { fill: var(--dim); }
svg .title { font-weight: 600; font-size: 11px; } svg .grid { stroke: var(--line); }
polyline { fill: none; stroke-width: 1.8; }
.s0 { stroke: var(--c0); fill: var(--c0); } .s1 { stroke: var(--c1); fill: var(--c1); }
.s2 { stroke: var(--c2); fill: var(--c2); } .s3 { stroke: var(--c3); fill: var(--c3); }
polyline.s0, polyline.s1, polyline.s2, polyline.s3 { fill: none; }
i { display: inline-block; width: 1.2em; height: .8em; }
i.s0 { background: var(--c0); } i.s1 { background: var(--c1); } i.s2 { background: var(--c2); }
i.s3 { background: var(--c3); }
</style></head><body><h1>Amethyst beside other stores</h1>
"""


def powers_within(low, high):
    """The powers of ten in the range, or its ends where there are not two of them."""
    powers = [10.0**n for n in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    return powers if len(powers) > 1 else [low, high]


def label(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def chart(title, x_names, lines):
    """`lines`: for each engine its points, pairs of an index into `x_names` and thousand operations a second."""
    rates = [rate for points in lines.values() for _, rate in points if rate > 0]
    low, high = min(rates) / 1.3, max(rates) * 1.3

    def x_of(index):
        return LEFT + (WIDTH - LEFT - RIGHT) * (index + 0.5) / len(x_names)

    def y_of(rate):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - math.log(rate / low) / math.log(high / low))

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><text class="title" x="{LEFT}" y="14">'
             f"{html.escape(title)}, thousand operations a second</text>"]
    for rate in powers_within(low, high):
        y = y_of(rate)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                     f'<text class="tick" x="{LEFT - 4}" y="{y + 3:.1f}" text-anchor="end">{label(rate)}</text>')
    for index, name in enumerate(x_names):
        parts.append(f'<text class="tick" x="{x_of(index):.1f}" y="{HEIGHT - 12}" text-anchor="middle">'
                     f"{html.escape(name)}</text>")
    for engine, points in lines.items():
        color = f"s{ENGINES.index(engine)}"
        places = [(x_of(index), y_of(rate)) for index, rate in points if rate > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="{color}" points="{path}"/>')
        parts += [f'<circle class="{color}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places]
    return "".join(parts) + "</svg>\n"


def page(sections):
    """`sections`: (title, names along x, for each workload the lines of its chart)."""
    legend = " &nbsp; ".join(f'<i class="s{n}"></i> {name}' for n, name in enumerate(ENGINES))
    text = HEAD + f"<p>{legend}</p>\n"
    for title, x_names, charts in sections:
        drawn = "".join(chart(workload, x_names, lines) for workload, lines in charts.items())
        text += f'<h2>{html.escape(title)}</h2>\n<div class="charts">{drawn}</div>\n'
    return text + "</body></html>\n"
