import asyncio


async def fetch(page):
    await asyncio.sleep(0.01)
    return f"<{page}>"


async def main():
    task = asyncio.create_task(
        fetch("start"), name="prefetch"
    )
    print("meanwhile")
    text = await task
    print(task.get_name(), "gave", text)


asyncio.run(main())
