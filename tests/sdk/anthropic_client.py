"""The official Anthropic client against a running gateway: CASE BASE_URL."""

import sys

import anthropic

MESSAGES = [{"role": "user", "content": "hello"}]
TEXT = "Recursion is a function that calls itself."
# One alias leads to Anthropic's own words, the other to OpenAI's.
MODELS = ["native", "translated"]


def messages(client):
    for model in MODELS:
        raw = client.messages.with_raw_response.create(
            model=model, max_tokens=99, system="Be brief.", messages=MESSAGES
        )
        assert raw.headers["x-orloj-revision"], raw.headers
        assert raw.headers["x-orloj-route"].startswith(f"{model} -> "), raw.headers
        answer = raw.parse()
        assert answer.content[0].text == TEXT, answer
        assert answer.stop_reason == "end_turn", answer
        usage = answer.usage
        assert usage.input_tokens + usage.cache_read_input_tokens > 0, answer
        assert usage.output_tokens > 0, answer
    mock = client.messages.create(model="writer-model", max_tokens=9, messages=MESSAGES)
    assert mock.content[0].text.endswith("You said: hello"), mock


def stream(client):
    for model in MODELS:
        with client.messages.stream(model=model, max_tokens=99, messages=MESSAGES) as events:
            text = "".join(events.text_stream)
            final = events.get_final_message()
        assert text == TEXT, (model, text)
        assert final.content[0].text == TEXT, (model, final)
        assert final.stop_reason == "end_turn", (model, final)
        assert final.usage.output_tokens > 0, (model, final)
        assert final.usage.input_tokens > 0, (model, final)


def count(client):
    for model in ["translated", "writer-model"]:
        counted = client.messages.count_tokens(model=model, messages=MESSAGES)
        assert counted.input_tokens > 0, counted


def errors(client):
    for model, expected, status in [
        ("no-such-model", anthropic.NotFoundError, 404),
        ("main/limited", anthropic.RateLimitError, 429),
        ("main/broken", anthropic.InternalServerError, 502),
        # Our key was refused, not the caller's: no AuthenticationError.
        ("main/locked", anthropic.InternalServerError, 502),
        ("", anthropic.BadRequestError, 400),
    ]:
        try:
            client.messages.create(model=model, max_tokens=9, messages=MESSAGES)
        except anthropic.APIStatusError as error:
            assert isinstance(error, expected), (model, error)
            assert error.status_code == status, (model, error)
            assert error.body["type"] == "error", (model, error.body)
            assert error.body["error"]["message"], (model, error.body)
        else:
            raise AssertionError(f"{model} was answered")


def broken_stream(client):
    for model in ["main/cut", "claude/cut"]:
        pieces = []
        try:
            with client.messages.stream(model=model, max_tokens=9, messages=MESSAGES) as events:
                pieces += events.text_stream
        except anthropic.APIError:
            assert "".join(pieces).startswith("Recursion"), (model, pieces)
        else:
            raise AssertionError(f"a broken stream looked whole: {model} {pieces}")


CASES = {
    "messages": messages,
    "stream": stream,
    "count": count,
    "errors": errors,
    "broken-stream": broken_stream,
}

if __name__ == "__main__":
    case, base_url = sys.argv[1:]
    CASES[case](
        anthropic.Anthropic(base_url=base_url, api_key="unused", max_retries=0, timeout=30)
    )
    print(f"{case}: ok")
