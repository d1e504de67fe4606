import asyncio
import time

from harness import main, now_ns


async def wake_up(sizes, late):
    loop = asyncio.get_running_loop()

    def call(waiting):  # in a thread of its own
        time.sleep(sizes.idle_us / 1e6)
        loop.call_soon_threadsafe(waiting.set_result, now_ns())

    for _ in range(sizes.calls):
        waiting = loop.create_future()
        caller = loop.run_in_executor(None, call, waiting)
        called = await waiting
        late.add(called, now_ns())
        await caller
    return sizes.calls


main(wake_up, timed_by_lateness=True)
