import asyncio

from harness import main, now_ns


async def visit(pages, delay_ns, late):
    deadline = now_ns()
    for _ in range(pages):
        deadline += delay_ns
        await asyncio.sleep((deadline - now_ns()) / 1e9)
        now = now_ns()
        late.add(deadline, now)
        deadline = now


async def spider(sizes, late):
    before, delay_ns = late.count, sizes.delay_ms * 1_000_000
    await asyncio.gather(*(visit(sizes.pages, delay_ns, late) for _ in range(sizes.sites)))
    return late.count - before


main(spider)
