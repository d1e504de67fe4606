import asyncio


async def read_pages(changed, pages, done):
    async with changed:
        await changed.wait_for(lambda: len(pages) == 2)
        print("pages:", *pages)
    done.set()


async def main():
    lock = asyncio.Lock()
    changed = asyncio.Condition(lock)
    done = asyncio.Event()
    pages = []
    reader = asyncio.create_task(read_pages(changed, pages, done))
    for page in "blog", "news":
        async with lock:
            pages.append(page)
            changed.notify()
    await done.wait()
    print("done")
    await reader


asyncio.run(main())
