"""The head of a reply as a real PBX writes it, and what it allows other sites."""

from aiohttp import hdrs, web

from .switches import Switches

_FIRST = (hdrs.CACHE_CONTROL, hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH)


def name_server(
    request: web.Request, response: web.StreamResponse, switches: Switches
) -> None:
    """Name the server, or leave the name out."""
    if switches.server_in == "all" or request.path == "/":
        response.headers[hdrs.SERVER] = switches.server_header
    else:
        response.headers.popall(hdrs.SERVER, None)


def write_head(
    request: web.Request, response: web.Response, switches: Switches
) -> None:
    """Put the head in order: there are clients that read it by the number of the line."""
    if response.status == 200:
        response.set_status(200, "Ok")
    headers = response.headers
    rest = [(name, value) for name, value in headers.items() if name not in _FIRST]
    content_type = headers.get(hdrs.CONTENT_TYPE, "text/plain")
    headers.clear()
    headers[hdrs.CACHE_CONTROL] = "no-cache"
    headers[hdrs.CONTENT_TYPE] = content_type
    headers[hdrs.CONTENT_LENGTH] = str(response.content_length or 0)
    headers.extend(rest)
    if switches.cors and (origin := request.headers.get(hdrs.ORIGIN)):
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
