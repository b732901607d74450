"""Assertions on problem+json responses."""

MEMBERS = {"type", "title", "detail", "status", "code", "facts", "instance", "request_id"}


def assert_problem(answer, status, code):
    document = answer.json()
    assert answer.status_code == document["status"] == status
    assert answer["Content-Type"] == "application/problem+json"
    assert document["code"] == code
    assert document["type"] == f"urn:tracetrack:problem:{code}"
    assert set(document) - {"remedy"} == MEMBERS
    assert document["request_id"] == answer["X-Request-ID"]
    for text in (document["title"], document["detail"]):
        assert text.endswith(".")
        assert "{" not in text
    return document
