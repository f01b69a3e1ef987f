// The official OpenAI client for Node against a running gateway: CASE BASE_URL PACKAGE.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [name, baseUrl, packageFolder] = process.argv.slice(2);
const OpenAI = createRequire(import.meta.url)(packageFolder);
const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: "unused", maxRetries: 0, timeout: 60_000 });

const MESSAGES = [{ role: "user", content: "hello" }];
const TEXT = "Recursion is a function that calls itself.";
const FOREIGN = "Hello from a server of somebody else.";
// One and the same answer through every dialect of a foreign server.
const FOREIGN_MODELS = ["fast", "claude", "llama"];
const TOOLS = [
  {
    type: "function",
    function: {
      name: "weather",
      description: "The weather of a city",
      parameters: {
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
        additionalProperties: false,
      },
    },
  },
];
const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, year: { type: "integer" } },
  required: ["name", "year"],
  additionalProperties: false,
};

async function collected(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");

async function chat() {
  const { data, response } = await client.chat.completions.create({ model: "fast", messages: MESSAGES }).withResponse();
  assert.ok(response.headers.get("x-orloj-revision"));
  assert.match(response.headers.get("x-orloj-route"), /^fast -> /);
  assert.equal(data.model, "gpt-3.5-turbo-0125");
  assert.equal(data.choices[0].message.content, TEXT);
  assert.equal(data.usage.prompt_tokens, 39);
}

async function stream() {
  const chunks = await collected(
    await client.chat.completions.create({
      model: "fast",
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  assert.equal(textOf(chunks), TEXT);
  assert.equal(chunks.at(-1).usage.prompt_tokens, 39);
  assert.deepEqual(chunks.at(-1).choices, []);
  // The helper puts the pieces together, and finds the finish reason.
  const runner = client.chat.completions.stream({ model: "fast", messages: MESSAGES });
  const completion = await runner.finalChatCompletion();
  assert.equal(completion.choices[0].message.content, TEXT);
  assert.equal(completion.choices[0].finish_reason, "stop");
}

async function models() {
  const ids = new Set();
  for await (const model of client.models.list()) ids.add(model.id);
  for (const id of ["fast", "main", "agent/writer"]) assert.ok(ids.has(id), id);
  assert.equal((await client.models.retrieve("fast")).id, "fast");
}

async function embeddings() {
  // The client asks for base64 and decodes it.
  const answer = await client.embeddings.create({ model: "mimic", input: ["one", "two", "one"] });
  const [one, two, again] = answer.data.map((item) => item.embedding);
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, two);
  const length = one.reduce((sum, n) => sum + n * n, 0);
  assert.ok(Math.abs(length - 1) < 1e-5, `${length}`);
}

async function responses() {
  const answer = await client.responses.create({ model: "fast", input: "hello", instructions: "Be brief." });
  assert.equal(answer.output_text, TEXT);
  assert.equal(answer.status, "completed");
  assert.equal(answer.usage.input_tokens, 39);
  const stream = client.responses.stream({ model: "fast", input: "hello" });
  const kinds = (await collected(stream)).map((event) => event.type);
  assert.equal(kinds[0], "response.created");
  assert.equal(kinds.at(-1), "response.completed");
  assert.equal((await stream.finalResponse()).output_text, TEXT);
  // A provider of chats knows of no earlier response.
  const error = await rejected(
    client.responses.create({ model: "fast", input: "hello", previous_response_id: "resp_1" }),
    OpenAI.BadRequestError,
    400,
  );
  assert.equal(error.param, "previous_response_id");
}

async function rejected(promise, kind, status) {
  const error = await promise.then(
    () => assert.fail("it was answered"),
    (error) => error,
  );
  assert.equal(error.constructor, kind, `${error}`);
  assert.equal(error.status, status, `${error}`);
  return error;
}

async function errors() {
  for (const [model, kind, status, code] of [
    ["no-such-model", OpenAI.NotFoundError, 404, "model_not_found"],
    ["agent/writer", OpenAI.PermissionDeniedError, 403, "model_not_allowed"],
    ["main/limited", OpenAI.RateLimitError, 429, "rate_limit_exceeded"],
    ["main/broken", OpenAI.InternalServerError, 502, "upstream_error"],
    // Our key was refused, not the caller's: no AuthenticationError.
    ["main/locked", OpenAI.InternalServerError, 502, "upstream_authentication_failed"],
    ["", OpenAI.BadRequestError, 400, "invalid_model"],
  ]) {
    const error = await rejected(client.chat.completions.create({ model, messages: MESSAGES }), kind, status);
    assert.equal(error.code, code, model);
    assert.ok(error.type && error.error.message, model);
    const streamed = client.chat.completions.create({ model, messages: MESSAGES, stream: true });
    await rejected(streamed, kind, status);
  }
}

async function brokenStream() {
  const pieces = [];
  const read = async () => {
    const request = { model: "main/cut", messages: MESSAGES, stream: true };
    for await (const chunk of await client.chat.completions.create(request)) pieces.push(chunk);
  };
  await assert.rejects(read, OpenAI.APIError);
  assert.match(textOf(pieces), /^Recursion/);
}

// Says when the first piece is here, and leaves in the middle.
async function cancel() {
  const abort = new AbortController();
  const request = { model: "main/slow", messages: MESSAGES, stream: true };
  const stream = await client.chat.completions.create(request, { signal: abort.signal });
  let seen = 0;
  for await (const _ of stream) {
    seen += 1;
    abort.abort();
  }
  assert.ok(seen >= 1 && seen < 5, `${seen} pieces`);
  const late = client.chat.completions.create({ model: "main/late", messages: MESSAGES }, { timeout: 300 });
  await assert.rejects(late, OpenAI.APIConnectionTimeoutError);
}

// The gateway itself repeats nothing here: the client does, and asks three times in all.
async function retries() {
  const patient = client.withOptions({ maxRetries: 2 });
  const failing = patient.chat.completions.create({ model: "main/broken", messages: MESSAGES });
  await rejected(failing, OpenAI.InternalServerError, 502);
  // What would fail again is not repeated.
  const wrong = patient.chat.completions.create({ model: "no-such-model", messages: MESSAGES });
  await rejected(wrong, OpenAI.NotFoundError, 404);
}

async function foreignChat() {
  for (const model of FOREIGN_MODELS) {
    const answer = await client.chat.completions.create({ model, messages: MESSAGES });
    assert.equal(answer.choices[0].message.content, FOREIGN, model);
    const runner = client.chat.completions.stream({ model, messages: MESSAGES });
    assert.equal(await runner.finalContent(), FOREIGN, model);
    const response = await client.responses.create({ model, input: "hello" });
    assert.equal(response.output_text, FOREIGN, model);
    const events = await collected(client.responses.stream({ model, input: "hello" }));
    assert.equal(events.at(-1).type, "response.completed", model);
  }
}

async function foreignTools() {
  for (const model of FOREIGN_MODELS) {
    const asked = [{ role: "user", content: "What is the weather in Praha?" }];
    const request = { model, messages: asked, tools: TOOLS, tool_choice: "auto" };
    const answer = await client.chat.completions.create(request);
    const { message, finish_reason: reason } = answer.choices[0];
    assert.equal(reason, "tool_calls", model);
    const [call] = message.tool_calls;
    assert.equal(call.function.name, "weather", model);
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Praha" }, model);

    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    const [again] = streamed.choices[0].message.tool_calls;
    assert.deepEqual(JSON.parse(again.function.arguments), { city: "Praha" }, model);
    assert.equal(streamed.choices[0].finish_reason, "tool_calls", model);

    const result = { role: "tool", tool_call_id: call.id, content: '{"degrees": 7}' };
    const last = await client.chat.completions.create({ ...request, messages: [...asked, message, result] });
    assert.equal(last.choices[0].message.content, "It is 7 degrees in Praha.", model);
  }
  // The helper calls our function by itself, twice to the gateway.
  const runner = client.chat.completions.runTools({
    model: "fast",
    messages: [{ role: "user", content: "What is the weather in Praha?" }],
    tools: [
      {
        type: "function",
        function: { ...TOOLS[0].function, function: ({ city }) => `${city}: 7`, parse: JSON.parse },
      },
    ],
  });
  assert.equal(await runner.finalContent(), "It is 7 degrees in Praha.");
}

async function foreignStructured() {
  const messages = [{ role: "user", content: "Tell me of a clockmaker." }];
  const format = { type: "json_schema", json_schema: { name: "person", strict: true, schema: PERSON } };
  // The dialects that have schemas; Anthropic's and Ollama's are translated.
  for (const model of FOREIGN_MODELS) {
    const request = { model, messages, response_format: format };
    const answer = await client.chat.completions.parse(request);
    assert.deepEqual(answer.choices[0].message.parsed, { name: "Hanuš", year: 1490 }, model);
  }
}

async function foreignEmbeddings() {
  const answer = await client.embeddings.create({ model: "fast", input: "one" });
  assert.deepEqual(answer.data[0].embedding, [0.25, -0.5, 0.125]);
  const refused = client.embeddings.create({ model: "claude", input: "one" });
  const error = await refused.catch((error) => error);
  assert.equal(error.constructor, OpenAI.BadRequestError, `${error}`);
}

async function foreignErrors() {
  const limited = [{ role: "user", content: "limited" }];
  for (const model of FOREIGN_MODELS) {
    const error = await rejected(
      client.chat.completions.create({ model, messages: limited }),
      OpenAI.RateLimitError,
      429,
    );
    assert.equal(error.headers.get("retry-after"), "7", model);
    assert.equal(error.error.orloj.upstream_status, 429, model);
  }
  // 503 of the provider is 502 here, which the client tries again by itself.
  const flaky = [{ role: "user", content: "flaky" }];
  const patient = client.withOptions({ maxRetries: 1 });
  const answer = await patient.chat.completions.create({ model: "fast", messages: flaky });
  assert.equal(answer.choices[0].message.content, "Now it works.");
}

const CASES = {
  chat,
  stream,
  models,
  embeddings,
  responses,
  errors,
  "broken-stream": brokenStream,
  cancel,
  retries,
  "foreign-chat": foreignChat,
  "foreign-tools": foreignTools,
  "foreign-structured": foreignStructured,
  "foreign-embeddings": foreignEmbeddings,
  "foreign-errors": foreignErrors,
};

await CASES[name]();
console.log(`${name}: ok`);
