"""A program that talks to the API over HTTP, as a client's would."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


class Program:
    def __init__(self, url: str, authorization: str = "") -> None:
        self.root = f"{url.rstrip('/')}/api/v1/"
        self.authorization = authorization

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        known = {"Content-Type": "application/json"}
        if self.authorization:
            known["Authorization"] = self.authorization
        known |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.root + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers=known,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _read(answer.status, answer)
        except urllib.error.HTTPError as error:
            return _read(error.code, error)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)


def _read(status: int, answer: Any) -> Answer:
    content = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return Answer(status, json.loads(content) if is_json and content else content, answer.headers)
