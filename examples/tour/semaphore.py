import asyncio

active = 0
most = 0


async def visit(limit):
    global active, most
    async with limit:
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.01)
        active -= 1


async def main():
    limit = asyncio.Semaphore(2)
    await asyncio.gather(*(visit(limit) for _ in range(6)))
    print("at most", most, "at a time")


asyncio.run(main())
