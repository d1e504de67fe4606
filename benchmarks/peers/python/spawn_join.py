import asyncio

from harness import main, sum_of


async def give(number):
    return number


async def one_at_a_time(tasks):
    total = 0
    for i in range(tasks):
        total += await asyncio.create_task(give(i))
    return total


async def spawn_join(sizes, _late):
    if sizes.at_once:
        return await sum_of(give(i) for i in range(sizes.tasks))
    return await one_at_a_time(sizes.tasks)


main(spawn_join)
