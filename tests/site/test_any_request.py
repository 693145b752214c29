"""Whatever comes over the network: requests made up from the site's own description of itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.measured import write_course
from tests.site.conftest import BASE

from seelearn.engine.catalogue import Catalogue
from seelearn.site.app import create_app
from seelearn.site.security import HEADERS


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("requests")
    write_course(place / "course")
    return create_app(Catalogue(place / "course"), place / "runs")


@pytest.fixture(scope="module")
def visitor(app: Any) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def operations(app: Any) -> list[tuple[str, Any]]:
    """Every address and method that the site and its discussion describe, each with what its address begins with."""
    (discussion,) = [route.app for route in app.routes if getattr(route, "path", "") == "/discussion"]
    found = []
    for prefix, part in (("", app), ("/discussion", discussion)):
        description: Any = schemathesis.openapi.from_dict(part.openapi())
        found += [(prefix, result.ok()) for result in description.get_all_operations()]
    return found


@settings(max_examples=600, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_breaks_the_site(
    operations: list[tuple[str, Any]], visitor: TestClient, data: st.DataObject
) -> None:
    prefix, operation = data.draw(st.sampled_from(operations))
    request = data.draw(operation.as_strategy()).as_transport_kwargs(base_url=BASE + prefix)
    names = ("method", "url", "headers", "params", "json", "data")
    answer = visitor.request(**{name: request[name] for name in names if name in request})
    assert answer.status_code < 500, answer.text[:500]
    assert set(HEADERS) <= set(answer.headers) | {name.title() for name in answer.headers}
    assert "Traceback" not in answer.text


def test_the_description_covers_what_a_visitor_can_do(operations: list[tuple[str, Any]]) -> None:
    described = {(operation.method.upper(), prefix + operation.path) for prefix, operation in operations}
    assert {
        ("GET", "/{language}/"),
        ("GET", "/{language}/lessons/{name}"),
        ("POST", "/{language}/lessons/{name}/runs"),
        ("GET", "/{language}/runs/{id}/events"),
        ("POST", "/{language}/runs/{id}/stop"),
        ("POST", "/discussion/api/{language}/lessons/{name}/comments"),
    } <= described
