"""httpx with asyncio tasks: its INFO line, then the body."""

import asyncio
import logging
import ssl
import sys

import httpx

import client as shared

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s | %(levelname)-8s | %(name)s:%(funcName)s:%(lineno)d - %(message)s")
log = logging.getLogger("app.ocr")


async def main():
    context = ssl.create_default_context()
    async with httpx.AsyncClient(verify=context, headers={"X-Auth-Token": shared.TOKEN}) as session:
        for index in range(shared.CALLS):
            response = await session.post(shared.url("web-image"), json={"image": shared.IMAGE})
            try:
                response.raise_for_status()
            except httpx.HTTPStatusError as e:
                if index % 2:
                    log.error("Error code: %s - %s", e.response.status_code, e.response.json())
                else:
                    log.error("%s\n%s", e, e.response.text)
            shared.mark()


asyncio.run(main())
