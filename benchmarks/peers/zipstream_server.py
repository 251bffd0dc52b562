"""zipstream-ng as its documentation shows it: zip a folder while a streaming response sends it.

Run by granian in the project's own environment, which has the same library for its headers.
"""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from zipstream import ZipStream


def send(request: Request) -> StreamingResponse:
    """Send one folder as a zip of known length."""
    folder = Path(os.environ["ZIPPED"]) / request.path_params["name"]
    stream = ZipStream.from_path(str(folder), sized=True)
    headers = {"content-length": str(len(stream)), "last-modified": str(stream.last_modified)}
    return StreamingResponse(stream, media_type="application/zip", headers=headers)


app = Starlette(routes=[Route("/{name}", send)])
