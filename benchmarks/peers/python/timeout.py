import asyncio

from harness import main, sum_of


async def one():
    return 1


async def one_later():
    await asyncio.sleep(0)
    return 1


async def times(turns, limit, work):
    in_time = 0
    for _ in range(turns):
        async with asyncio.timeout(limit):
            in_time += await work()
    return in_time


async def timeout(sizes, _late):
    if sizes.tasks == 1:
        return await times(sizes.turns, sizes.limit_s, one)
    return await sum_of(times(sizes.turns, sizes.limit_s, one_later) for _ in range(sizes.tasks))


main(timeout)
