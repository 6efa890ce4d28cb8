"""What the service tells of itself: its counts, and a page of its addresses."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST

from service.routes.protocol import SERVER
from service.state import service_of

router = APIRouter()

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0}}
pre{{background:#eee;padding:1rem;overflow:auto}}</style></head>
<body><h1>{title}</h1>
<pre>curl --data-binary @photograph.jpg '{base}/predict'
curl --data-binary @photograph.jpg '{base}/predict?draw=1' --output faces.jpg
curl -F file=@1.jpg -F file=@2.jpg '{base}/rate'</pre>
<table><tr><th>Method</th><th>Address</th><th></th></tr>
{rows}</table>
<p><a href="openapi.json">openapi.json</a> describes all of it for programs.</p>
</body></html>
"""


@router.get("/", include_in_schema=False)
async def root() -> dict[str, Any]:
    """Where to look."""
    return {"name": SERVER, "docs": "/docs", "ready": "/v2/health/ready", "predict": "/predict"}


@router.get("/metrics", tags=["watching it"])
async def metrics(request: Request) -> Response:
    """Counts and times, as Prometheus reads them."""
    return Response(service_of(request).metrics.exposed(), media_type=CONTENT_TYPE_LATEST)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """A page of all addresses, without scripts and from here alone, as it is read offline."""
    schema = request.app.openapi()
    rows = [
        f"<tr><td>{escape(method.upper())}</td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for path, methods in schema["paths"].items()
        for method, one in methods.items()
    ]
    base = escape(str(request.base_url).rstrip("/"))
    page = _PAGE.format(title=escape(schema["info"]["title"]), base=base, rows="\n".join(rows))
    return HTMLResponse(page)
