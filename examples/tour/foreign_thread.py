import asyncio
import threading


def device(loop, answer):
    loop.call_soon_threadsafe(answer.set_result, "42 degrees")


async def main():
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    thread = threading.Thread(
        target=device, args=(loop, answer)
    )
    thread.start()
    print(await answer)
    thread.join()


asyncio.run(main())
