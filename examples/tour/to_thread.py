import asyncio
import time


def look_up(name):
    time.sleep(0.01)
    return len(name)


async def main():
    blog, forum = await asyncio.gather(
        asyncio.to_thread(look_up, "blog"),
        asyncio.to_thread(look_up, "forum"),
    )
    print(blog, forum)


asyncio.run(main())
