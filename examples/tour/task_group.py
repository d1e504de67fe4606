import asyncio


async def works():
    try:
        await asyncio.sleep(3600)
    finally:
        print("stopped")


async def breaks():
    await asyncio.sleep(0.01)
    raise ValueError("no such page")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(works())
            group.create_task(breaks())
    except* ValueError as failed:
        for error in failed.exceptions:
            print("failed:", error)


asyncio.run(main())
