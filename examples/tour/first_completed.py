import asyncio


async def ask(mirror, distance):
    await asyncio.sleep(distance)
    return mirror


async def main():
    tasks = [
        asyncio.create_task(ask("Oslo", 0.04)),
        asyncio.create_task(ask("Lima", 0.01)),
    ]
    done, pending = await asyncio.wait(
        tasks, return_when=asyncio.FIRST_COMPLETED
    )
    for late in pending:
        late.cancel()
    for first in done:
        print("first:", first.result())


asyncio.run(main())
