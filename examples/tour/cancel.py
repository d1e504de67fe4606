import asyncio


async def serve():
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError as stop:
        print("cleaning up:", stop)
        await asyncio.sleep(0.01)
        raise


async def main():
    task = asyncio.create_task(serve())
    await asyncio.sleep(0.01)
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
