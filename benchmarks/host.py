"""How quiet the machine was: what else ran on it, and how even its speed."""

import os
import resource
import statistics
import time

LOOP = 60_000


def _fixed_loop():
    """Seconds that always the same work takes."""
    began = time.perf_counter()
    number = 1
    for _ in range(LOOP):
        number = number * 1_103_515_245 + 12_345 & 0x7FFFFFFF
    return time.perf_counter() - began


def _processor_seconds():
    """Busy and stolen seconds of all processors since the machine started; None where nobody tells."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(each) for each in file.readline().split()[1:9]]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, steal / tick


def _own_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Watch:
    """Looks at the machine from its making to its report."""

    def __init__(self):
        self._loops = []
        self._load = os.getloadavg()[0]
        self._began = time.monotonic()
        self._own = _own_seconds()
        self._processors = _processor_seconds()

    def look(self):
        """To be called between measurements: times the fixed loop."""
        self._loops.append(_fixed_loop())

    def report(self):
        found = {
            "processors": os.cpu_count(),
            "load_before": self._load,
            "loop_median_s": statistics.median(self._loops),
            "loop_min_s": min(self._loops),
            "loop_max_s": max(self._loops),
        }
        now = _processor_seconds()
        if self._processors and now:
            elapsed = time.monotonic() - self._began
            others = now[0] - self._processors[0] - (_own_seconds() - self._own)
            stolen = now[1] - self._processors[1]
            found["others_processors"] = max(0.0, others / elapsed)
            found["steal_percent"] = 100 * stolen / (elapsed * os.cpu_count())
        return found


def sentence(found):
    text = (
        f'host: {found["processors"]} processors, load {found["load_before"]:.2f} before;'
        f' a fixed loop took {found["loop_median_s"] * 1e3:.1f} ms'
        f' ({found["loop_min_s"] * 1e3:.1f} to {found["loop_max_s"] * 1e3:.1f})'
    )
    if "steal_percent" in found:
        text += (
            f'; other processes used {found["others_processors"]:.2f} processors,'
            f' the hypervisor took {found["steal_percent"]:.1f} %'
        )
    return text
