import asyncio


async def spider(site, rest):
    for page in range(1, 3):
        await asyncio.sleep(rest)
        print(site, page)
    return site


async def main():
    blog, news = await asyncio.gather(
        spider("Blog", 0.02),
        spider("News", 0.03),
    )
    print("seen:", blog, news)


asyncio.run(main())
