#!/usr/bin/env python3
"""All comparisons that docs/performance.md shows, one after the other, and their tables in there.

    bench/survey.py PROGRAM RESULTS                      runs what RESULTS does not hold yet; PROGRAM: amethyst_bench
    bench/survey.py PROGRAM RESULTS --only sizes         these parts alone; --list names them
    bench/survey.py PROGRAM RESULTS --document FILE      and writes the tables of RESULTS into FILE, between two marks;
                                                         those of parts that RESULTS does not hold stay as they are
    bench/survey.py PROGRAM RESULTS --html FILE          and one page of plots against threads and sizes

RESULTS is a directory of one JSON file for each comparison; to measure again, remove the file. The whole takes hours:
run it on a machine that does nothing else.
"""
import argparse
import collections
import datetime
import itertools
import json
import math
import pathlib
import subprocess
import sys

import survey_page

BEGIN, END = "<!-- survey: written by bench/survey.py -->\n", "<!-- end of survey -->"

WRITES = ["fillrandom", "overwrite"]
READS = ["readrandom", "readmissing", "readzipf", "seek10", "readseq"]
KEYS_ALONE = ["seek10keys", "readseqkeys"]
MIXED = ["readwhilewriting", "ycsba", "ycsbe"]
ALL = ["fillseq", "fillrandom", "fillbatch", "overwrite", "updaterandom", "readrandom", "readhot", "readzipf",
       "readmissing", "multiget", "seek1", "seek10", "seek100", "seekrev1", "seekrev10", "seekrev100", "seek10keys",
       "readseq", "readreverse", "readseqkeys", "readwhilewriting", "scanwhilewriting", "ycsba", "ycsbb", "ycsbc",
       "ycsbd", "ycsbe", "ycsbf", "deleterandom", "fillsync"]
PEERS = "amethyst,rocksdb,leveldb,lmdb"
POINTS_MIN = 3  # Fewer are no line.
SMALL_BUFFERS = ["--write-buffer-mib", "16"]  # An eighth of a million entries, so that levels exist.


def part(title, variants, workloads, *options):
    """A table: one comparison for each of `variants` (its name, what it adds to the options)."""
    return {"title": title, "variants": variants, "workloads": workloads, "options": list(options)}


PARTS = {
    "all": part("Every workload",
                {"": ["--keys", "1M"]}, ALL, "--engines", PEERS, "--rounds", "3", *SMALL_BUFFERS),
    "steady": part("Steady state: three times the data overwritten, no codec",
                   {"": ["--keys", "1M", "--ops", "3M", "--codec", "none"]},
                   ["overwrite", "readwhilewriting"],
                   "--engines", PEERS, "--rounds", "3", *SMALL_BUFFERS),
    "pressed": part("Reads and scans beside a writer of 100 thousand writes a second",
                    {"": ["--keys", "1M", "--ops", "3M", "--writer-rate", "100k"]},
                    ["readwhilewriting", "scanwhilewriting"],
                    "--engines", PEERS, "--rounds", "3", *SMALL_BUFFERS),
    "threads": part("Client threads", {f"{n} threads": ["--threads", str(n)] for n in (1, 2, 4, 16)},
                    WRITES + ["fillsync"] + READS[:3] + MIXED, "--engines", PEERS, "--keys", "1M", "--rounds", "1",
                    *SMALL_BUFFERS),
    "keys": part("Kinds of keys",
                 {kind: ["--key-kind", kind] for kind in ("hashed", "binary", "url", "prefix", "time")},
                 WRITES + READS, "--engines", "amethyst,rocksdb,lmdb", "--keys", "1M", "--rounds", "1",
                 *SMALL_BUFFERS),
    "values": part("Sizes of values",
                   {"1 KiB": ["--value-bytes", "1024", "--keys", "500k"],
                    "16 KiB": ["--value-bytes", "16384", "--keys", "40k"],
                    "256 KiB": ["--value-bytes", "262144", "--keys", "2500"]},
                   WRITES + READS + KEYS_ALONE + ["multiget"] + MIXED, "--engines", PEERS, "--rounds", "1"),
    "sizes": part("Sizes of databases",
                  {f"{n} million": ["--keys", f"{n}M"] for n in (2, 20, 50)},
                  ["fillrandom", "readrandom", "readmissing", "readzipf", "seek10", "ycsba"],
                  "--engines", "amethyst,rocksdb", "--ops", "2M", "--rounds", "1"),
    "memory": part("Ten times larger than memory",
                   {"": ["--keys", "20M", "--memory-mib", "128", "--memory-limit-mib", "256"]},
                   ["fillrandom", "readrandom", "readzipf", "seek10", "ycsba"],
                   "--engines", "amethyst,rocksdb", "--ops", "500k", "--rounds", "1"),
}


def results_file(results, name, variant):
    return results / f"{name}{'-' + variant.replace(' ', '-') if variant else ''}.json"


def figures(results, name, variant):
    """What a comparison gave; None if it has not run to its end."""
    path = results_file(results, name, variant)
    return json.loads(path.read_text()) if path.exists() and path.stat().st_size > 0 else None


def run(program, results, names, time_limit):
    for name in names:
        chosen = PARTS[name]
        for variant, options in chosen["variants"].items():
            path = results_file(results, name, variant)
            if figures(results, name, variant):
                continue
            command = [program, "--compare", *chosen["workloads"], *chosen["options"], *options, "--json", str(path)]
            if time_limit:
                command += ["--time-limit", str(time_limit)]
            print(f"== {' '.join(command)}", flush=True)
            try:
                failed = subprocess.run(command, check=False).returncode != 0
            except OSError as error:
                sys.exit(f"survey: {program} cannot be run ({error.strerror}); bin/bench builds it")
            if failed:
                sys.exit(f"survey: {name} {variant} failed; the rest was not run")


def in_states(engine, what):
    """The medians of `what` that an engine has, by state; live comes first."""
    return {state: engine[state][what]["median"] for state in ("live", "settled") if what in engine.get(state, {})}


def rate_text(rate):
    return f"{rate / 1000:,.0f}" if rate >= 100_000 else f"{rate / 1000:.1f}"


def states_text(by_state, text):
    """The live figure, and the settled one in parentheses where it differs."""
    values = list(by_state.values())
    if len(values) == 2 and abs(values[1] - values[0]) <= 0.01 * values[0]:
        del values[1]
    texts = [text(value) for value in values]
    return texts[0] + (f" ({texts[1]})" if texts[1:] else "") if texts else ""


def geometric_mean(values):
    return f"{math.exp(sum(map(math.log, values)) / len(values)):.2f}x" if values else ""


def ratio_table(results, name):
    """Rows: workloads, and means of ratios. Columns: for each variant our rate, and the ratio to each peer."""
    columns, rows, means = [], {}, {"live": [], "settled": [], "both": []}
    for variant in PARTS[name]["variants"]:
        found = figures(results, name, variant)
        if not found:
            continue
        comparison = found["comparison"]
        prefix = f"{variant}, " if variant else ""
        peers = [peer["engine"] for peer in comparison["peers"]]
        columns += [f"{prefix}k op/s"] + [f"{prefix}: {peer}" for peer in peers]
        ratios = {peer: {state: [] for state in means} for peer in peers}
        for workload in comparison["workloads"]:
            if workload["workload"] not in PARTS[name]["workloads"]:
                continue  # Of an earlier list.
            engines = {engine["engine"]: engine for engine in workload["engines"]}
            rates = in_states(engines[comparison["reference"]], "operations_per_second")
            if workload["writes"]:
                rates.pop("settled", None)  # Told by the ratios alone.
            rows.setdefault(workload["workload"], []).append(states_text(rates, rate_text))
            for peer in peers:
                found_ratios = in_states(engines.get(peer, {}), "ratio")
                rows[workload["workload"]].append(states_text(found_ratios, "{:.2f}x".format))
                for state, ratio in found_ratios.items():
                    ratios[peer][state].append(ratio)
                    if not (workload["writes"] and state == "live" and "settled" in found_ratios):
                        ratios[peer]["both"].append(ratio)
        for state, cells in means.items():
            cells += [""] + [geometric_mean(ratios[peer][state]) for peer in peers]
    if not columns:
        return ""
    for state, cells in means.items():
        rows[f"geometric mean, {state}"] = cells
    lines = ["| workload | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    lines += [f"| {workload} | {' | '.join(cells)} |" for workload, cells in rows.items()]
    return "\n".join(lines) + "\n"


def median(values):
    return sorted(values)[len(values) // 2]


def detail_table(results, name, workloads):
    """Latency, memory and amplification of each engine: medians of the rounds."""
    found = figures(results, name, "")
    if not found:
        return ""
    measurements = found["measurements"]
    columns = ["workload", "engine", "p50 us", "p99 us", "p99.9 us", "max ms", "CPU us", "peak MiB", "write ampl.",
               "space ampl."]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for workload in workloads:
        measured = [m for m in measurements if m["workload"] == workload]
        for state, engine in itertools.product(dict.fromkeys(m.get("state") for m in measured), PEERS.split(",")):
            rounds = [m for m in measured if m["engine"] == engine and m.get("state") == state]
            if not rounds:
                continue
            latency = {key: median([m["latency"][f"{key}_ns"] for m in rounds])
                       for key in ("p50", "p99", "p99.9", "max")}
            cells = [f"{latency[key] / 1000:,.1f}" for key in ("p50", "p99", "p99.9")]
            cells += [f"{latency['max'] / 1e6:.1f}", f"{median([m['cpu_us_per_operation'] for m in rounds]):.2f}",
                      f"{median([m['peak_memory_bytes'] for m in rounds]) / 2**20:.0f}"]
            for key in ("write_amplification", "space_amplification"):
                value = median([m.get(key) or 0 for m in rounds])
                cells.append(f"{value:.2f}" if value else "")
            lines.append(f"| {workload}{', ' + state if state else ''} | {engine} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rounds_of(results, name):
    """How often each measurement of a part was made; a time limit may have ended it early."""
    counts = set()
    for variant in PARTS[name]["variants"]:
        made = collections.Counter((m["workload"], m.get("state"), m["engine"])
                                   for m in (figures(results, name, variant) or {}).get("measurements", []))
        counts |= set(made.values())
    return " to ".join(str(count) for count in sorted({min(counts), max(counts)}))


def part_text(results, name):
    """A part's tables, under its title; nothing if it has not run."""
    chosen = PARTS[name]
    table = ratio_table(results, name)
    if not table:
        return ""
    files = [results_file(results, name, variant) for variant in chosen["variants"]]
    newest = max(path.stat().st_mtime for path in files if path.exists())
    options = " ".join(chosen["options"])
    variants = "; ".join(" ".join(options) for options in chosen["variants"].values())
    text = (f"### {chosen['title']}\n\n`bin/bench --compare {options} ...` ({variants}), rounds: "
            f"{rounds_of(results, name)}, {datetime.date.fromtimestamp(newest).isoformat()}:\n\n{table}\n")
    if name in ("all", "steady", "pressed"):
        detailed = [workload for workload in chosen["workloads"] if workload in WRITES + MIXED + ["readrandom"]]
        text += detail_table(results, name, detailed) + "\n"
    return text


def tables(results, before=""):
    """The tables of all parts; those of parts that have not run as they are in `before`."""
    kept = {text.partition("\n")[0]: f"### {text}" for text in before.split("### ")[1:]}
    return "".join(part_text(results, name) or kept.get(chosen["title"], "") for name, chosen in PARTS.items())


def plots(results):
    """What survey_page shows: of each part the lines with enough variants that ran."""
    sections = []
    for name in ("threads", "sizes", "values", "keys"):
        x_names, charts = [], {}
        for variant in PARTS[name]["variants"]:
            found = figures(results, name, variant)
            if not found:
                continue
            for workload in found["comparison"]["workloads"]:
                lines = charts.setdefault(workload["workload"], {})
                for engine in workload["engines"]:
                    rate = next(iter(in_states(engine, "operations_per_second").values())) / 1000
                    lines.setdefault(engine["engine"], []).append((len(x_names), rate))
            x_names.append(variant.removesuffix(" threads"))
        charts = {workload: {engine: points for engine, points in lines.items() if len(points) >= POINTS_MIN}
                  for workload, lines in charts.items()}
        charts = {workload: lines for workload, lines in charts.items() if lines}
        if charts:
            sections.append((PARTS[name]["title"], x_names, charts))
    return sections


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("results", type=pathlib.Path, nargs="?")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--list", action="store_true", help="print the parts, and end")
    parser.add_argument("--time-limit", type=int, default=0, help="no new round of a comparison after so many seconds")
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--html", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{name:10}{chosen['title']}" for name, chosen in PARTS.items()))
        return
    if arguments.results is None:
        parser.error("it takes the program, build/release/bench/amethyst_bench (bin/bench builds it), and a directory")
    arguments.results.mkdir(parents=True, exist_ok=True)
    run(arguments.program, arguments.results, arguments.only, arguments.time_limit)
    if arguments.html:
        arguments.html.write_text(survey_page.page(plots(arguments.results)))
    if arguments.document:
        before, begin, rest = arguments.document.read_text().partition(BEGIN)
        old, end, after = rest.partition(END)
        if not begin or not end:
            sys.exit(f"{arguments.document}: no marks {BEGIN.strip()} and {END}")
        arguments.document.write_text(before + BEGIN + tables(arguments.results, old) + END + after)


if __name__ == "__main__":
    main()
