#!/usr/bin/env python3
"""bench/survey.py over results that were made up: tables, plots, and a comparison that was cut short."""
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import survey  # noqa: E402
import survey_page  # noqa: E402


def engine(name, rate, ratio=None):
    def spread(value):
        return {"median": value, "least": value, "most": value}

    cell = {"engine": name, "live": {"operations_per_second": spread(rate)},
            "settled": {"operations_per_second": spread(2 * rate)}}
    if ratio:
        cell["live"]["ratio"], cell["settled"]["ratio"] = spread(ratio), spread(ratio / 4)
    return cell


def comparison(rate):
    engines = [engine("amethyst", 4 * rate), engine("rocksdb", rate, 4.0)]
    workloads = [{"workload": "readrandom", "writes": False, "engines": engines},
                 {"workload": "overwrite", "writes": True, "engines": engines}]
    return {"comparison": {"reference": "amethyst", "peers": [{"engine": "rocksdb"}], "workloads": workloads},
            "measurements": 2 * [{"workload": "readrandom", "state": state, "engine": name}
                                 for name in ("amethyst", "rocksdb") for state in ("live", "settled")]}


class Survey(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.results = pathlib.Path(directory.name)
        for threads, rate in ((1, 1e5), (2, 2e5), (4, 3e5)):
            (self.results / f"threads-{threads}-threads.json").write_text(json.dumps(comparison(rate)))
        (self.results / "threads-16-threads.json").write_text("")  # As an interrupted run leaves it.

    def test_a_comparison_that_was_cut_short_has_not_run(self):
        self.assertIsNone(survey.figures(self.results, "threads", "16 threads"))
        self.assertIsNone(survey.figures(self.results, "threads", "3 threads"))
        self.assertIsNotNone(survey.figures(self.results, "threads", "4 threads"))

    def test_tables_have_a_column_for_each_variant_that_ran(self):
        text = survey.tables(self.results)
        self.assertIn("| readrandom | 400 (800) | 4.00x (1.00x) | 800 (1,600) | 4.00x (1.00x) |", text)
        self.assertIn("| overwrite | 400 | 4.00x (1.00x) | 800 | 4.00x (1.00x) |", text)
        for state, mean in (("live", "4.00x"), ("settled", "1.00x"), ("both", "1.59x")):
            self.assertIn(f"| geometric mean, {state} |  | {mean} |  | {mean} |", text)
        self.assertNotIn("16 threads, k op/s", text)
        self.assertIn("rounds: 2, ", text)

    def test_parts_that_have_not_run_keep_their_tables(self):
        before = "### Client threads\n\nold\n\n### Sizes of values\n\nkept\n\n### No part of today\n\ngone\n"
        text = survey.tables(self.results, before)
        self.assertNotIn("old", text)
        self.assertNotIn("gone", text)
        self.assertTrue(text.endswith("### Sizes of values\n\nkept\n\n"))

    def test_plots_have_a_line_for_each_engine_and_a_place_for_each_variant(self):
        sections = survey.plots(self.results)
        self.assertEqual([(title, names) for title, names, _ in sections], [("Client threads", ["1", "2", "4"])])
        self.assertEqual(sections[0][2]["readrandom"]["rocksdb"], [(0, 100.0), (1, 200.0), (2, 300.0)])
        page = survey_page.page(sections)
        drawn = xml.fromstring(page[page.index("<svg"):page.index("</svg>") + len("</svg>")])
        self.assertEqual(len(drawn.findall("polyline")), 2)
        heights = {circle.get("class"): float(circle.get("cy")) for circle in drawn.findall("circle")}
        self.assertLess(heights["s0"], heights["s1"], "the faster one is above")

    def test_two_points_are_no_line(self):
        (self.results / "threads-2-threads.json").unlink()
        self.assertEqual(survey.plots(self.results), [])


if __name__ == "__main__":
    unittest.main()
