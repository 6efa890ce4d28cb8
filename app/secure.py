"""Whether the visitor's browser lets this page use a camera, and what to do where it does not."""

import ipaddress
from urllib.parse import urlsplit

import streamlit as st

from app.told import plain


def camera_is_allowed(address: str | None) -> bool:
    """Return whether browsers let a page of this address use a camera; True if it is not known."""
    if not address:
        return True
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" or host.split(".")[-1] == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tell_where_no_camera_is_allowed() -> None:
    """Say so where the page came over plain HTTP from another machine."""
    if camera_is_allowed(address := st.context.url):
        return
    parts = urlsplit(address)
    st.warning(
        f"This page came over plain HTTP from {plain(parts.netloc)}, and browsers give a camera "
        "to pages over HTTPS or of their own machine alone. Put a server with TLS in front "
        "(docs/deploy.md), or open the app on the machine that it runs on; photographs and "
        "videos can be dropped without.",
        icon=":material/https:",
    )
