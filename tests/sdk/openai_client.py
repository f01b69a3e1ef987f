"""The official OpenAI client against a running gateway: CASE BASE_URL."""

import json
import sys

import openai
import pydantic

MESSAGES = [{"role": "user", "content": "hello"}]
TEXT = "Recursion is a function that calls itself."
# One and the same answer through every dialect of a foreign server.
FOREIGN_MODELS = ["fast", "claude", "llama"]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]


def chat(client):
    raw = client.chat.completions.with_raw_response.create(model="fast", messages=MESSAGES)
    assert raw.headers["x-orloj-revision"], raw.headers
    assert raw.headers["x-orloj-request-id"], raw.headers
    assert raw.headers["x-orloj-route"].startswith("fast -> "), raw.headers
    answer = raw.parse()
    assert answer.model == "gpt-3.5-turbo-0125", answer
    assert answer.choices[0].message.content == TEXT, answer
    assert answer.usage.prompt_tokens == 39, answer
    scoped = client.with_options(base_url=f"{sys.argv[2]}/main/v1")
    answer = scoped.chat.completions.create(model="gpt-4-turbo", messages=MESSAGES)
    assert answer.model == "gpt-4-turbo-2024-04-09", answer


def stream(client):
    chunks = list(
        client.chat.completions.create(
            model="fast",
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == TEXT, text
    assert [c.usage for c in chunks if c.usage][0].prompt_tokens == 39, chunks
    assert {c.model for c in chunks} == {"gpt-3.5-turbo-0125"}, chunks
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop", chunks


def models(client):
    ids = {model.id for model in client.models.list()}
    assert {"fast", "main", "agent/writer"} <= ids, ids
    assert client.models.retrieve("fast").id == "fast"


def errors(client):
    for model, expected, status in [
        ("no-such-model", openai.NotFoundError, 404),
        ("agent/writer", openai.PermissionDeniedError, 403),
        ("main/limited", openai.RateLimitError, 429),
        ("main/broken", openai.InternalServerError, 502),
        # Our key was refused, not the caller's: no AuthenticationError.
        ("main/locked", openai.InternalServerError, 502),
        ("", openai.BadRequestError, 400),
    ]:
        try:
            client.chat.completions.create(model=model, messages=MESSAGES)
        except openai.APIStatusError as error:
            assert type(error) is expected, (model, error)
            assert error.status_code == status, (model, error)
            assert error.body["message"], (model, error.body)
            assert error.body["type"], (model, error.body)
        else:
            raise AssertionError(f"{model} was answered")


def broken_stream(client):
    pieces = []
    try:
        for chunk in client.chat.completions.create(
            model="main/cut", messages=MESSAGES, stream=True
        ):
            pieces += [choice.delta.content or "" for choice in chunk.choices]
    except openai.APIError:
        assert "".join(pieces).startswith("Recursion"), pieces
    else:
        raise AssertionError(f"a broken stream looked whole: {pieces}")


def embeddings(client):
    # The client asks for base64 and decodes it.
    answer = client.embeddings.create(model="mimic", input=["one", "two", "one"])
    one, two, again = [item.embedding for item in answer.data]
    assert one == again != two, answer
    assert abs(sum(n * n for n in one) - 1) < 1e-5, answer
    plain = client.embeddings.create(model="mimic", input="one", encoding_format="float")
    assert all(abs(a - b) < 1e-6 for a, b in zip(plain.data[0].embedding, one)), plain


def responses(client):
    answer = client.responses.create(model="fast", input="hello", instructions="Be brief.")
    assert answer.output_text == TEXT, answer
    assert answer.status == "completed", answer
    assert answer.usage.input_tokens == 39, answer
    with client.responses.stream(model="fast", input="hello") as events:
        kinds = [event.type for event in events]
        final = events.get_final_response()
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed", kinds
    assert final.output_text == TEXT, final
    try:
        client.responses.create(model="fast", input="hello", previous_response_id="resp_1")
    except openai.BadRequestError as error:
        assert error.param == "previous_response_id", error.body
    else:
        raise AssertionError("an earlier response was made up")


def retries(client):
    # The gateway itself repeats nothing here: the client does, and asks three times in all.
    patient = client.with_options(max_retries=2)
    for model, expected in [
        ("main/broken", openai.InternalServerError),
        # What would fail again is not repeated.
        ("no-such-model", openai.NotFoundError),
    ]:
        try:
            patient.chat.completions.create(model=model, messages=MESSAGES)
        except expected:
            continue
        raise AssertionError(f"{model} was answered")


def cancel(client):
    with client.chat.completions.create(
        model="main/slow", messages=MESSAGES, stream=True
    ) as chunks:
        next(iter(chunks))
    try:
        client.with_options(timeout=0.3).chat.completions.create(
            model="main/late", messages=MESSAGES
        )
    except openai.APITimeoutError:
        return
    raise AssertionError("a late answer was waited for")


def foreign_tools(client):
    asked = [{"role": "user", "content": "What is the weather in Praha?"}]
    loose = [{**TOOLS[0], "function": {**TOOLS[0]["function"], "strict": False}}]
    for model in FOREIGN_MODELS:
        tools = TOOLS
        if model == "llama":
            # Ollama does not hold a model to the form of its arguments, and is not said to.
            try:
                client.chat.completions.create(model=model, messages=asked, tools=TOOLS)
            except openai.BadRequestError as error:
                assert error.param == "tools[0].function.strict", error.body
            else:
                raise AssertionError("strict arguments were promised")
            tools = loose
        answer = client.chat.completions.create(model=model, messages=asked, tools=tools)
        choice = answer.choices[0]
        assert choice.finish_reason == "tool_calls", (model, answer)
        [call] = choice.message.tool_calls
        assert json.loads(call.function.arguments) == {"city": "Praha"}, (model, answer)
        result = {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 7}'}
        last = client.chat.completions.create(
            model=model, messages=[*asked, choice.message, result], tools=tools
        )
        assert last.choices[0].message.content == "It is 7 degrees in Praha.", (model, last)
        if tools is loose:
            continue
        # The helper takes strict ones alone.
        with client.chat.completions.stream(model=model, messages=asked, tools=tools) as events:
            streamed = events.get_final_completion().choices[0]
        assert streamed.finish_reason == "tool_calls", (model, streamed)
        [again] = streamed.message.tool_calls
        assert json.loads(again.function.arguments) == {"city": "Praha"}, (model, streamed)


def foreign_structured(client):
    class Person(pydantic.BaseModel):
        name: str
        year: int

    messages = [{"role": "user", "content": "Tell me of a clockmaker."}]
    for model in FOREIGN_MODELS:
        answer = client.chat.completions.parse(
            model=model, messages=messages, response_format=Person
        )
        assert answer.choices[0].message.parsed == Person(name="Hanuš", year=1490), (model, answer)


def foreign_flaky(client):
    # 503 of the provider is 502 here, which the client tries again by itself.
    messages = [{"role": "user", "content": "flaky"}]
    answer = client.with_options(max_retries=1).chat.completions.create(
        model="fast", messages=messages
    )
    assert answer.choices[0].message.content == "Now it works.", answer


CASES = {
    "retries": retries,
    "cancel": cancel,
    "foreign-tools": foreign_tools,
    "foreign-structured": foreign_structured,
    "foreign-flaky": foreign_flaky,
    "embeddings": embeddings,
    "responses": responses,
    "chat": chat,
    "stream": stream,
    "models": models,
    "errors": errors,
    "broken-stream": broken_stream,
}

if __name__ == "__main__":
    case, base_url = sys.argv[1:]
    CASES[case](
        openai.OpenAI(base_url=f"{base_url}/v1", api_key="unused", max_retries=0, timeout=30)
    )
    print(f"{case}: ok")
