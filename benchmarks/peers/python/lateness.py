import asyncio

from harness import main, now_ns, sum_of


def nap_us(sleeper, turn):
    return 1_000 + (sleeper * 7_919 + turn * 31) % 1_900 * 10


async def sleep(sleeper, turns, late):
    for turn in range(turns):
        nap = nap_us(sleeper, turn)
        deadline = now_ns() + nap * 1_000
        await asyncio.sleep(nap / 1e6)
        late.add(deadline, now_ns())
    return turns


async def compute(busy_ns):
    while True:
        end = now_ns() + busy_ns
        while now_ns() < end:
            pass
        await asyncio.sleep(0)


async def lateness(sizes, late):
    busy = [compute(sizes.busy_us * 1_000) for _ in range(sizes.busy_per_worker)]
    load = [asyncio.create_task(each) for each in busy]
    sleeps = await sum_of(sleep(i, sizes.turns, late) for i in range(sizes.sleepers))
    for each in load:
        each.cancel()
    await asyncio.gather(*load, return_exceptions=True)
    return sleeps


main(lateness, timed_by_lateness=True)
