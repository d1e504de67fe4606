import asyncio


async def produce(queue):
    for n in range(3):
        await queue.put(n)
    await queue.put(None)


async def consume(queue):
    while (n := await queue.get()) is not None:
        print("got", n)
    print("no more")


async def main():
    queue = asyncio.Queue(maxsize=2)
    await asyncio.gather(produce(queue), consume(queue))


asyncio.run(main())
