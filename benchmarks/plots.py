"""The plots of a problem, as SVG to be put into a page. Needs matplotlib."""

import io

import matplotlib
from matplotlib.figure import Figure

import rows

matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
WIDE_RANGE = 30  # from here on bars are on a logarithmic scale
OVERVIEW_COLUMNS = 3


def _svg(figure):
    file = io.StringIO()
    figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def _names(found):
    compilers = {row["compiler"] for row in found}.intersection(rows.CPP_COMPILERS)
    told = compilers if len(compilers) > 1 else ()
    return [
        f'{row["runtime"]}, {row["compiler"]}' if row["compiler"] in told else row["runtime"]
        for row in found
    ]


def _color(row):
    if row["runtime"].startswith("silk"):
        return "tab:blue"
    return "tab:gray" if row["compiler"] in rows.CPP_COMPILERS else "tab:olive"


def _draw_bars(axes, key, group):
    group = sorted(group, key=lambda row: row["median_s"], reverse=True)
    per_op = [1e9 / row["operations"] for row in group]
    medians = [row["ns_per_op"] for row in group]
    below = [(row["median_s"] - row["min_s"]) * scale for row, scale in zip(group, per_op)]
    above = [(row["max_s"] - row["median_s"]) * scale for row, scale in zip(group, per_op)]
    colors = [_color(row) for row in group]

    axes.barh(_names(group), medians, xerr=[below, above], color=colors, ecolor="black", capsize=2)
    wide = max(medians) > WIDE_RANGE * min(medians) > 0
    if wide:
        axes.set_xscale("log")
    axes.set_xlabel("ns an operation, logarithmic" if wide else "ns an operation")
    axes.set_title(rows.title(key), fontsize="medium")


def bars(key, group):
    """Time of an operation, a bar for each runtime."""
    figure = Figure(figsize=(6.5, 0.8 + 0.35 * len(group)))
    _draw_bars(figure.add_subplot(), key, group)
    return _svg(figure)


def overview(found):
    """The bars of all problems with the most workers in one picture, C++ by one compiler only."""
    most = max(row["workers"] for row in found)
    compilers = [each for each in rows.CPP_COMPILERS if each in {row["compiler"] for row in found}]
    left_out = compilers[1:]
    shown = [row for row in found if row["workers"] == most and row["compiler"] not in left_out]
    groups = list(rows.groups(shown).items())
    height = -(-len(groups) // OVERVIEW_COLUMNS)
    figure = Figure(figsize=(5 * OVERVIEW_COLUMNS, 2.6 * height), layout="tight")
    for place, (key, group) in enumerate(groups, start=1):
        _draw_bars(figure.add_subplot(height, OVERVIEW_COLUMNS, place), key, group)
    return _svg(figure)


def scaling(variant, found):
    """Time of a repetition over the number of workers, a curve for each runtime."""
    figure = Figure(figsize=(6.5, 3.5))
    axes = figure.add_subplot()
    for name in sorted(set(_names(found))):
        own = [row for row, each in zip(found, _names(found)) if each == name]
        curve = sorted((row["workers"], row["median_s"]) for row in own)
        axes.plot(*zip(*curve), marker="o", label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    workers = sorted({row["workers"] for row in found})
    axes.set_xticks(workers, [str(count) for count in workers])
    axes.set_xlabel("workers")
    axes.set_ylabel("s")
    axes.set_title(f'{found[0]["problem"]} {variant}', fontsize="medium")
    axes.legend(fontsize="small")
    return _svg(figure)


def lateness(key, group):
    """How large a share was later than so many microseconds."""
    figure = Figure(figsize=(6.5, 3.5))
    axes = figure.add_subplot()
    for row, name in zip(group, _names(group)):
        all_values = sum(count for _, count in row["late_us"])
        later, points = all_values, []
        for upper, count in row["late_us"]:
            points.append((max(upper, 0.1), later / all_values))
            later -= count
        axes.step(*zip(*points), where="pre", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("us late")
    axes.set_ylabel("share that is later")
    axes.set_title(rows.title(key), fontsize="medium")
    axes.legend(fontsize="small")
    return _svg(figure)


def of_problem(found):
    """All plots for the rows of one problem."""
    made = []
    for key, group in rows.groups(found).items():
        made.append(bars(key, group))
        if all("late_us" in row for row in group):
            made.append(lateness(key, group))
    for variant in dict.fromkeys(row["variant"] for row in found):
        of_variant = [row for row in found if row["variant"] == variant]
        if len({row["workers"] for row in of_variant}) > 1:
            made.append(scaling(variant, of_variant))
    return made
