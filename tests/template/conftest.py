import asyncio

import pytest

from importer.portal import Portal, PortalSettings
from importer.sandbox import open_app
from schemas.property import read_schema


@pytest.fixture(scope="session")
def schema(tmp_path_factory):
    """Return the schema of the sandbox portal: custom properties of every type, three pipelines, owners."""

    async def fetch():
        app, base_url, token = open_app(tmp_path_factory.mktemp("sandbox"))
        async with Portal(PortalSettings(base_url, token), app=app) as portal:
            return read_schema(await portal.fetch_bodies())

    return asyncio.run(fetch())
