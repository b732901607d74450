"""Request bodies that every endpoint must refuse with a problem."""

from typing import Any

HOSTILE_BODIES = {
    "nothing": b"",
    "half an object": b'{"ref":',
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "text": b'"x"',
    "two objects": b"{}{}",
    "a BOM": b"\xef\xbb\xbf{}",
    "bad UTF-8": b'{"ref": "\xff\xfe"}',
    "UTF-16": '{"ref": "x"}'.encode("utf-16"),
    "NUL escaped": b'{"code": "a\\u0000b"}',
    "NUL raw": b'{"code": "a\x00b"}',
    "a NUL in a key": b'{"a\\u0000b": 1}',
    "half a surrogate pair": b'{"code": "\\ud800"}',
    "half a pair in a key": b'{"\\udfff": 1}',
    "half a pair deep inside": b'{"a": [{"b": ["\\udc00"]}]}',
    "a key twice": b'{"ref": "1", "ref": "2"}',
    "a key twice deep inside": b'{"a": {"b": 1, "b": 2}}',
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "33 levels": b'{"a":' * 33 + b"1" + b"}" * 33,
    "200,000 lists": b"[" * 200_000 + b"]" * 200_000,
    "100,000 open lists": b"[" * 100_000,
    "5,000 objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a wide object": b"{" + b",".join(b'"k%d":1' % n for n in range(5000)) + b"}",
    "everything null": b'{"ref":null,"code":null,"stats":null,"pattern":null,"batches":null}',
    "everything a list": b'{"ref":[],"code":[],"stats":[[]],"pattern":[],"batches":[{}]}',
    "everything an object": b'{"ref":{},"code":{},"stats":{},"pattern":{},"batches":{}}',
    "everything a boolean": b'{"ref":true,"code":true,"stats":true,"pattern":true}',
}


def assert_refused(answer: Any, description: object) -> None:
    """Assert that the response is a problem with a 4xx status."""
    assert 400 <= answer.status_code < 500, f"{description}: {answer.status_code}"
    assert answer["Content-Type"] == "application/problem+json", description
    assert answer.json()["status"] == answer.status_code, description
