"""What was measured as one HTML page: tables, and plots where matplotlib is installed."""

import html

import host
import rows

try:
    import plots
except ImportError:  # matplotlib is missing: the tables tell it all, too
    plots = None

STYLE = """
body { font-family: sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding: 0.3rem 0; }
th, td { padding: 0.15rem 0.6rem; text-align: right; border-bottom: 1px solid #ddd; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
.plots svg { max-width: 100%; height: auto; }
"""


def _table(key, group):
    heading, *lines = rows.cells(group)
    texts = [f"<table><caption>{html.escape(rows.title(key))}</caption>"]
    texts.append("<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in heading) + "</tr>")
    for line in lines:
        texts.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>")
    return "\n".join([*texts, "</table>"])


def _section(problem, found):
    parts = [f"<h2>{html.escape(problem)}</h2>"]
    if plots:
        parts.append(f'<div class="plots">{"".join(plots.of_problem(found))}</div>')
    parts += [_table(key, group) for key, group in rows.groups(found).items()]
    return parts


def page(recorded):
    """The page for what bench.py has recorded: {"host", "quick", "peers", "rows"}."""
    by_problem = {}
    for row in recorded["rows"]:
        by_problem.setdefault(row["problem"], []).append(row)
    sizes = "small sizes, told by --quick: for a first look only" if recorded["quick"] else "full sizes"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>silk: benchmarks</title>',
        f"<style>{STYLE}</style></head><body><h1>silk: benchmarks</h1>",
        f"<p>{html.escape(host.sentence(recorded['host']))}; {sizes}.</p>",
        "<p>All runtimes of a problem ran in turn. Told are medians over all repetitions; the bars end at"
        " the median, their lines at the fastest and the slowest repetition.</p>",
    ]
    for name, versions in recorded["peers"].items():
        parts.append(f"<p>{html.escape(name)}: {html.escape(versions)}.</p>")
    if not plots:
        parts.append("<p>No plots: python3-matplotlib is not installed.</p>")
    for problem, found in by_problem.items():
        parts += _section(problem, found)
    return "\n".join([*parts, "</body></html>", ""])
