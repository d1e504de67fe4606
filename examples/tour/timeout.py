import asyncio


async def fetch(distance):
    await asyncio.sleep(distance)
    return "page"


async def main():
    text = await asyncio.wait_for(fetch(0.01), 10)
    print("in time:", text)
    try:
        await asyncio.wait_for(fetch(10), 0.01)
    except TimeoutError:
        print("too late")


asyncio.run(main())
