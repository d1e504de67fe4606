import asyncio


async def pages(site):
    number = 1
    while True:
        await asyncio.sleep(0.01)
        yield f"{site}/{number}"
        number += 1


async def main():
    async for page in pages("blog"):
        if page == "blog/3":
            break
        print(page)


asyncio.run(main())
