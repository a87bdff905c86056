"""The switch between the languages."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example/", "/nothing/"])
def test_the_switch_stays_on_this_site(path):
    page = Client().get("/", {"q": "1"}, PATH_INFO=path).content.decode()

    links = re.findall(r'href="([^"]*lang=[^"]*)"', page)
    assert links
    assert [link for link in links if link.startswith("//")] == []
    assert all(link.startswith("/") for link in links)
