import asyncio

from harness import main, now_ns


async def sleep(until, late):
    await asyncio.sleep((until - now_ns()) / 1e9)
    late.add(until, now_ns())


async def sleepers(sizes, late):
    before, first = late.count, now_ns() + sizes.at_least_ms * 1_000_000
    naps = (i * 7_919 % 5_000 * 10_000 for i in range(sizes.tasks))
    await asyncio.gather(*(sleep(first + nap, late) for nap in naps))
    return late.count - before


main(sleepers)
