"""What was measured, as rows, and the tables that are made of them.

A row is a dict, one for each (problem, variant, workers, runtime, compiler):

problem, variant, runtime, compiler, workers   what ran; of other languages the compiler tells which
operations                                     in one repetition
median_s, min_s, max_s, samples                time of a repetition, over all rounds
ns_per_op                                      median_s over operations
cpu_s                                          processor time of a repetition, median of the rounds
allocs_per_op                                  calls of operator new, or what does its work; None: not counted
bytes_per_op, max_rss_kib                      memory that came in use, and all of it at the peak
steals, parks                                  of all workers in a repetition, median; absent where not known
late_us                                        buckets [upper bound, count] of a histogram; or absent
early                                          beside it: how many came too early, and count as 0 us late
"""

import collections
import statistics

REFERENCE = "onetbb"  # what ratios are told of, where it takes part
CPP_COMPILERS = ("gcc", "clang")
BASELINES = {"calls"}  # no runtime: shows what the work costs without one


def row_of(problem, runtime, compiler, runs):
    """The row of one program; `runs` is what each of its processes printed."""
    first = runs[0]
    seconds = [each for run in runs for each in run["seconds"]]
    median = statistics.median(seconds)
    row = {
        "problem": problem,
        "variant": first["variant"],
        "runtime": runtime,
        "compiler": compiler,
        "workers": first["workers"],
        "operations": first["operations"],
        "median_s": median,
        "min_s": min(seconds),
        "max_s": max(seconds),
        "samples": len(seconds),
        "ns_per_op": median / first["operations"] * 1e9,
        "cpu_s": statistics.median(run["cpu_s"] for run in runs),
        "allocs_per_op": _median_if_counted(run["allocations_per_operation"] for run in runs),
        "bytes_per_op": statistics.median(run["bytes_per_operation"] for run in runs),
        "max_rss_kib": max(run["max_rss_kib"] for run in runs),
    }
    for name in ("steals", "parks"):
        if all(name in run for run in runs):
            row[name] = statistics.median(run[name] for run in runs)
    histograms = [run["late_us"] for run in runs if "late_us" in run]
    if histograms:
        row["late_us"] = added_up(histograms)
        row["early"] = sum(run.get("early", 0) for run in runs)
    return row


def _median_if_counted(values):
    counted = [value for value in values if value is not None]
    return statistics.median(counted) if counted else None


def added_up(histograms):
    counts = collections.Counter()
    for histogram in histograms:
        for upper, count in histogram:
            counts[upper] += count
    return [list(bucket) for bucket in sorted(counts.items())]


def quantile(histogram, share):
    """The least bound that `share` of all values are not above."""
    wanted = share * sum(count for _, count in histogram)
    seen = 0
    for upper, count in histogram:
        seen += count
        if seen >= wanted:
            return upper
    raise ValueError("a histogram without values")


def groups(rows):
    """The rows that can be compared with each other, by (problem, variant, workers), in their order."""
    found = {}
    for row in rows:
        found.setdefault((row["problem"], row["variant"], row["workers"]), []).append(row)
    return found


def ratio_to_reference(row, group):
    """Time over that of oneTBB by the same compiler, of other languages by the first one of C++; None where
    oneTBB does not take part."""
    by_compiler = {each["compiler"]: each["median_s"] for each in group if each["runtime"] == REFERENCE}
    compiler = row["compiler"]
    if compiler not in CPP_COMPILERS:
        compiler = next(iter(by_compiler), None)
    return row["median_s"] / by_compiler[compiler] if compiler in by_compiler else None


def ratio_to_best(row, group):
    """Time over that of the fastest runtime, whichever its compiler."""
    times = [other["median_s"] for other in group if other["runtime"] not in BASELINES]
    return row["median_s"] / min(times or [row["median_s"]])


def time_text(seconds):
    """Three digits that count, with the unit that suits them: 1.23 s, 45.6 ms, 789 us."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(value):
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


COLUMNS = (
    # heading, text of a row within its group
    ("runtime", lambda row, group: row["runtime"]),
    ("compiler", lambda row, group: row["compiler"]),
    ("runs", lambda row, group: str(row["samples"])),
    ("median", lambda row, group: time_text(row["median_s"])),
    ("min", lambda row, group: time_text(row["min_s"])),
    ("max", lambda row, group: time_text(row["max_s"])),
    ("ns/op", lambda row, group: digits(row["ns_per_op"])),
    ("CPU", lambda row, group: time_text(row["cpu_s"])),
    ("steals", lambda row, group: _text_if_counted(row.get("steals"))),
    ("parks", lambda row, group: _text_if_counted(row.get("parks"))),
    ("allocs/op", lambda row, group: _text_if_counted(row["allocs_per_op"])),
    ("bytes/op", lambda row, group: f'{row["bytes_per_op"]:,.0f}'),
    ("peak MiB", lambda row, group: f'{row["max_rss_kib"] / 1024:,.1f}'),
    ("x oneTBB", lambda row, group: _ratio_text(ratio_to_reference(row, group))),
    ("x best", lambda row, group: _ratio_text(ratio_to_best(row, group))),
)
LATENESS_COLUMNS = tuple(
    (heading, lambda row, group, share=share: f'{quantile(row["late_us"], share):,.0f}')
    for heading, share in (("late us p50", 0.5), ("p99", 0.99), ("max", 1))
) + (("early", lambda row, group: f'{row["early"]:,}' if row["early"] else ""),)


def _text_if_counted(value):
    return "" if value is None else digits(value)


def _ratio_text(ratio):
    return "" if ratio is None else f"{ratio:.3f}"


def cells(group):
    """A table as lists of text: the headings, then a line for each row, the fastest first.

    A column without a single figure is left out.
    """
    columns = COLUMNS + (LATENESS_COLUMNS if all("late_us" in row for row in group) else ())
    in_order = sorted(group, key=lambda row: row["median_s"])
    told = [[heading, *(text(row, group) for row in in_order)] for heading, text in columns]
    return [list(line) for line in zip(*(column for column in told if any(column[1:])))]


def title(key):
    problem, variant, workers = key
    return f'{problem} {variant}, {workers} worker{"" if workers == 1 else "s"}'


def table(key, group):
    """The group as text: names to the left, figures to the right."""
    lines = cells(group)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    texts = [title(key)]
    for line in lines:
        padded = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        ]
        texts.append("  " + "  ".join(padded).rstrip())
    return "\n".join(texts)
