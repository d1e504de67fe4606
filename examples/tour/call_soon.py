import asyncio
import threading


async def main():
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def watchdog():
        loop.call_soon_threadsafe(print, "one")
        loop.call_soon_threadsafe(print, "two")
        loop.call_soon_threadsafe(stop.set)

    thread = threading.Thread(target=watchdog)
    thread.start()
    await stop.wait()
    print("stopped")
    thread.join()


asyncio.run(main())
