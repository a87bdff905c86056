"""docs/api.md: its curl lines are run as they stand, its table is the program's."""

import json
import re
import shlex

import pytest
from django.test import Client

from accounts import bearer
from config import catalogues, problems
from tests import factories

PAGE = catalogues.ROOT / "docs" / "api.md"


def commands() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8").split("## Lists")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[1:]
    calls = []
    for block in blocks:
        for call in re.split(r"\n(?=curl|NUMBER)", block.strip()):
            calls.append(re.sub(r"^NUMBER=\$\(", "", call).split(" |\n")[0])
    return [shlex.split(call.replace("\\\n", " ")) for call in calls]


def run(client, words: list[str], known: dict[str, str]):
    method, body, headers, url = "", None, {}, ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-d":
            body = next(rest)
        elif word == "-H":
            name, _colon, value = filled(next(rest), known).partition(": ")
            headers[name] = value
        elif word == "-o":
            next(rest)
        elif word != "-s":
            url = filled(word, known)
    content_type = headers.pop("Content-Type", "application/octet-stream")
    return client.generic(
        method or ("POST" if body else "GET"), url, body or "", content_type, headers=headers
    )


def filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"${name}", value)
    return text


@pytest.mark.django_db
def test_the_steps_work_as_written():
    _token, clear = bearer.issue(user=factories.make_user(), label="docs", at=factories.NOON)
    known = {
        "URL": "/api/v1",
        "AUTH": f"Authorization: Bearer {clear}",
        "JSON": "Content-Type: application/json",
    }
    client, seen = Client(), []

    for words in commands():
        response = run(client, words, known)
        seen.append(response.status_code)
        assert response.status_code < 300, (words, response.content)
        if "status=pending" in " ".join(words):
            known["NUMBER"] = json.loads(response.content)["results"][0]["number"]

    assert seen == [201, 200, 201, 200, 200, 200, 200, 200, 200, 200, 200]


def test_the_table_of_codes_is_the_programs():
    rows = [f"| `{code}` | {status} |" for code, status in sorted(problems.STATUS_OF.items())]
    table = "\n".join(["| code | status |", "|---|---|", *rows])

    assert table in PAGE.read_text(encoding="utf-8"), f"docs/api.md should have:\n{table}"
