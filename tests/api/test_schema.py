"""The OpenAPI document: valid, without warnings, and committed as it is."""

import io

import pytest
import yaml
from django.core.management import call_command
from openapi_spec_validator import validate

from config import catalogues

COMMITTED = catalogues.ROOT / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def written():
    said = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--lang", "en", stdout=said)
    return said.getvalue()


def test_the_document_is_valid_openapi(written):
    document = yaml.safe_load(written)

    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_operation_has_a_name_of_its_own(written):
    operations = [
        operation["operationId"]
        for path in yaml.safe_load(written)["paths"].values()
        for operation in path.values()
    ]
    assert len(operations) == len(set(operations))


def test_the_committed_document_is_what_the_program_does(written):
    assert COMMITTED.read_text(encoding="utf-8") == written, (
        "Run ./manage.py spectacular --lang en --file docs/openapi.yaml and read the difference."
    )


def test_the_document_is_served(client):
    response = client.get("/api/v1/schema/")

    assert response.status_code == 200
    assert "openapi" in response["Content-Type"]


def test_the_page_needs_no_inline_script_or_style(client):
    response = client.get("/api/v1/docs/")
    page = response.content.decode()

    assert response.status_code == 200
    assert "<style" not in page
    assert "style=" not in page
    assert page.count("<script") == page.count("<script src=")
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()
