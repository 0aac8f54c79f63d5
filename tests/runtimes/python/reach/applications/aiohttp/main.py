"""aiohttp: a server and a client in one loop."""

import asyncio

import aiohttp
from aiohttp import web


async def hello(request):
    return web.json_response({"a": 1})


async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    address = f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        assert await answer.json() == {"a": 1}
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
