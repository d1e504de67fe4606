import asyncio


async def save():
    await asyncio.sleep(0.05)
    print("saved")


async def wait_for_it(saving):
    await asyncio.shield(saving)


async def main():
    saving = asyncio.create_task(save())
    try:
        await asyncio.wait_for(wait_for_it(saving), 0.01)
    except TimeoutError:
        print("not waiting any longer")
    await saving


asyncio.run(main())
