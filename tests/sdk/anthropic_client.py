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


def retries(client):
    # The gateway itself repeats nothing here: the client does, and asks three times in all.
    patient = client.with_options(max_retries=2)
    for model, expected in [
        ("main/broken", anthropic.InternalServerError),
        # What would fail again is not repeated.
        ("no-such-model", anthropic.NotFoundError),
    ]:
        try:
            patient.messages.create(model=model, max_tokens=9, messages=MESSAGES)
        except expected:
            continue
        raise AssertionError(f"{model} was answered")


def cancel(client):
    # Before the text is whole: one that speaks Anthropic's words, and one that is translated.
    for model in ["claude/slow", "main/slow"]:
        with client.messages.stream(model=model, max_tokens=9, messages=MESSAGES) as events:
            next(iter(events))


def foreign(client):
    asked = [{"role": "user", "content": "What is the weather in Praha?"}]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"name": "weather", "input_schema": schema}]
    for model in ["fast", "claude", "llama"]:
        request = dict(model=model, max_tokens=99, tools=tools)
        with client.messages.stream(messages=asked, **request) as events:
            streamed = events.get_final_message()
        answer = client.messages.create(messages=asked, **request)
        for message in [streamed, answer]:
            assert message.stop_reason == "tool_use", (model, message)
            [call] = [block for block in message.content if block.type == "tool_use"]
            assert call.input == {"city": "Praha"}, (model, message)
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "7"}
        turns = [{"role": "assistant", "content": answer.content}]
        turns.append({"role": "user", "content": [result]})
        last = client.messages.create(messages=asked + turns, **request)
        assert last.content[0].text == "It is 7 degrees in Praha.", (model, last)
        try:
            limited = [{"role": "user", "content": "limited"}]
            client.messages.create(model=model, max_tokens=9, messages=limited)
        except anthropic.RateLimitError as error:
            assert error.response.headers["retry-after"] == "7", (model, error)
        else:
            raise AssertionError(f"{model} was answered")


CASES = {
    "retries": retries,
    "cancel": cancel,
    "foreign": foreign,
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
