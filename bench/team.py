"""A team's hundred manifests: every kind, about one KiB each, referring to each other.

Texts and numbers come from a seeded source, so the same team is always the same.
"""

import pathlib
import random
import textwrap

WORDS = """
    account agent alert analysis answer approval audit backlog billing brief budget campaign case
    change check claim client code comment contract customer dashboard data deadline delivery
    document draft email escalation estimate evidence feature finding forecast handover incident
    inventory invoice issue journal ledger limit list market meeting metric milestone model note
    offer order outage owner partner payment plan policy price process product project quality
    question queue quote record region release report request research result review risk route
    rule sample schedule score search service shipment source stage status summary supplier
    support survey system target task team ticket tool topic trend update user value vendor week
""".split()

# Opens with `key1.txt` beside it.
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "tests/fixtures/age"
SEALED = textwrap.indent((FIXTURES / "age_two_recipients.age").read_text().strip(), " " * 6)

PROVIDERS = [
    ("openai", "https://api.openai.com/v1", "gpt-4o"),
    ("anthropic", "https://api.anthropic.com/v1", "claude-sonnet-4"),
    ("openai-compatible", "https://models.example.com/v1", "llama-3.3-70b"),
    ("mock", None, "mock-small"),
]


class Team:
    """One folder of manifests."""

    def __init__(self, number, teams):
        self.number = number
        self.name = f"team-{number:04}"
        self.namespace = f"area-{number // 10:03}"
        # What it borrows from: the team before, or the last one.
        self.other = (number or teams) - 1
        self.random = random.Random(number)

    def prose(self, words, indent):
        """Sentences for a block scalar, wrapped."""
        chosen = [WORDS[int(self.random.random() * len(WORDS))] for _ in range(words)]
        sentences = [" ".join(chosen[at:at + 9]).capitalize() + "." for at in range(0, words, 9)]
        return textwrap.indent(textwrap.fill(" ".join(sentences), 92), " " * indent)

    def endpoint(self, number, team=None):
        return f"endpoint-{self.number if team is None else team}-{number % 6}"

    def borrowed(self, number):
        """An endpoint of the other team, as this one writes it."""
        name = self.endpoint(number, self.other)
        area = f"area-{self.other // 10:03}"
        return name if area == self.namespace else f"{area}/{name}"

    def manifest(self, kind, name, spec, words=36, version="orloj.dev/v1"):
        """The whole text; `words` of description bring it to about one KiB."""
        return f"""\
# Kept by {self.name}; changes are reviewed by its owners.
apiVersion: {version}
kind: {kind}
metadata:
  name: {name}
  namespace: {self.namespace}
  labels:
    example.com/team: {self.name}
    example.com/stage: {["production", "staging", "trial"][self.number % 3]}
    app.kubernetes.io/part-of: "assistants"
  annotations:
    example.com/owner: {self.name}@example.com
    example.com/runbook: https://handbook.example.com/{self.name}/{name}#operations
    example.com/description: >-
{self.prose(words, 6)}
spec:
{spec}"""

    def secret(self, number):
        return f"secret-{self.number}-{number}", "Secret", f"""\
  encryptedData:
    value: |
{SEALED}
  allowed_hosts: [api.openai.com, api.anthropic.com, models.example.com]
""", 10

    def model_endpoint(self, number):
        n = self.number
        provider, url, model = PROVIDERS[number % len(PROVIDERS)]
        address = f"  base_url: {url}\n  auth:\n    secretRef: secret-{n}-0\n" if url else ""
        return self.endpoint(number), "ModelEndpoint", f"""\
  provider: {provider}
{address}  default_model: {model}-{n}-{number}
  models:
    - {model}-{n}-{number}
    - {model}-{n}-{number}-large
  model_aliases:
    best-{n}-{number}: {model}-{n}-{number}-large
    cheap-{n}-{number}: {model}-{n}-{number}
  options:
    max_tokens: "4096"
    api_version: "2024-10-21"
  timeouts:
    connect: 5s
    first_byte: 30s
    total: 2m
  retry:
    max_attempts: 3
    backoff: 250ms
""", 26

    def backend(self, number):
        n = self.number
        return f"backend-{n}-{number}", "AgentgatewayBackend", f"""\
  ai:
    provider:
      openai:
        model: gpt-4o-{n}-backend-{number}
  policies:
    auth:
      secretRef:
        name: secret-{n}-0
    ai:
      modelAliases:
        swift-{n}-{number}: gpt-4o-{n}-backend-{number}
        steady-{n}-{number}: gpt-4o-{n}-backend-{number}
""", 52

    def alias(self, number):
        n = self.number
        model = PROVIDERS[number % len(PROVIDERS)][2]
        return f"alias-{n}-{number}", "ModelAlias", f"""\
  targets:
    - endpoint: {self.endpoint(number)}
      model: {model}-{n}-{number}
      weight: {number + 1}
    - endpoint: {self.endpoint(number)}
      model: {model}-{n}-{number}-large
      weight: 1
  fallbacks:
    - endpoint: {self.borrowed(number)}
""", 60

    def mcp_server(self, number):
        n = self.number
        return f"server-{n}-{number}", "McpServer", f"""\
  transport: stdio
  command: /usr/local/bin/tools-server
  args: ["--log-level", "info", "--profile", "{self.name}"]
  env:
    - name: TOOLS_REGION
      value: eu-central-1
    - name: TOOLS_TOKEN
      secretRef: secret-{n}-1
  tool_filter:
    include: [search, fetch, summarise, translate]
  reconnect:
    max_attempts: 5
    backoff: 2s
""", 44

    def tool(self, number):
        n = self.number
        form = f"""\
  type: mcp
  mcp_server_ref: server-{n}-{number % 2}
  mcp_tool_name: search
""" if number % 3 == 0 else f"""\
  type: http
  endpoint: https://tools.example.com/{self.name}/{number}
  auth:
    profile: api_key_header
    secretRef: secret-{n}-1
    headerName: X-Api-Key
"""
        return f"tool-{n}-{number}", "Tool", f"""\
{form}  description: Looks up what the team knows of a topic
  input_schema:
    type: object
    properties:
      topic:
        type: string
        description: What to look for
      limit:
        type: integer
        minimum: 1
        maximum: 50
    required: [topic]
  capabilities: [search.read, search.list]
  operation_classes: [read, write]
  risk_level: medium
  runtime:
    timeout: 10s
    isolation_mode: none
    retry:
      max_attempts: 3
      backoff: 1s
      jitter: full
""", 12

    def memory(self, number):
        return f"memory-{self.number}-{number}", "Memory", f"""\
  type: vector
  provider: in-memory
  embedding_model: {self.endpoint(number)}
""", 72

    def role(self, number):
        return f"role-{self.number}-{number}", "AgentRole", f"""\
  description: May look things up and write drafts
  permissions:
    - tool:tool-{self.number}-{number}:invoke
    - tool:tool-{self.number}-{number + 4}:invoke
    - capability:search.read
    - capability:search.list
""", 56

    def agent(self, number):
        n = self.number
        return f"agent-{n}-{number}", "Agent", f"""\
  model_ref: {self.endpoint(number)}
  fallback_model_refs:
    - {self.endpoint(number + 1)}
    - {self.borrowed(number)}
  prompt: |
    You are stage {number % 4 + 1} of 4 in the assembly line of {self.name}.
{self.prose(36, 4)}
    Answer briefly, name your sources, and say so when you do not know.
  tools: [tool-{n}-{number % 10}, tool-{n}-{(number + 1) % 10}]
  roles:
    - role-{n}-{number % 4}
  memory:
    ref: memory-{n}-{number % 2}
    allow: [read, write, search]
  execution:
    profile: dynamic
    tool_use_behavior: run_llm_again
  limits:
    max_steps: {4 + number % 5}
    timeout: 30s
""", 10

    def permission(self, number):
        n = self.number
        agents = [number, number + 4, number + 8]
        return f"permission-{n}-{number}", "ToolPermission", f"""\
  tool_ref: tool-{n}-{number % 10}
  action: invoke
  match_mode: all
  required_permissions:
    - capability:search.read
    - tool:tool-{n}-{number % 10}:invoke
  apply_mode: scoped
  target_agents: [{", ".join(f"agent-{n}-{agent}" for agent in agents)}]
  operation_rules:
    - operation_class: read
      verdict: allow
    - operation_class: write
      verdict: approval_required
    - operation_class: delete
      verdict: deny
""", 30

    def policy(self, number):
        n = self.number
        own = [f"{PROVIDERS[each % 4][2]}-{n}-{each}" for each in range(6)]
        others = [f"{PROVIDERS[each % 4][2]}-{self.other}-{each}" for each in range(6)]
        models = "\n".join(f"    - {model}" for model in own + others)
        return f"policy-{n}-{number}", "AgentPolicy", f"""\
  apply_mode: scoped
  target_systems: [system-{n}-0, system-{n}-1, system-{n}-2]
  target_tasks: [task-{n}-0]
  max_tokens_per_run: 200000
  allowed_models:
{models}
  blocked_tools: [server-{n}-0--shell]
""", 20

    def system(self, number):
        first, second, third, last = (f"agent-{self.number}-{number * 4 + i}" for i in range(4))
        return f"system-{self.number}-{number}", "AgentSystem", f"""\
  agents:
    - {first}
    - {second}
    - {third}
    - {last}
  graph:
    {first}:
      edges:
        - to: {second}
          labels:
            path: research
        - to: {third}
    {second}:
      edges:
        - to: {last}
    {third}:
      next: {last}
    {last}:
      join:
        mode: quorum
        quorum_percent: 50
        on_failure: continue_partial
""", 26

    def task(self, number):
        template = number in (1, 2)
        return f"task-{self.number}-{number}", "Task", f"""\
  mode: {"template" if template else "run"}
  system: system-{self.number}-{number % 6}
  priority: {["low", "normal", "high"][number % 3]}
  max_turns: 6
  input:
    topic: >-
{self.prose(18, 6)}
    due: "2026-11-30"
    budget: "1500"
    draft: "false"
  retry:
    max_attempts: 2
    backoff: 2s
  message_retry:
    max_attempts: 3
    backoff: 250ms
    max_backoff: 2s
    jitter: full
    non_retryable: [invalid_input, denied]
  requirements:
    region: eu-central-1
    gpu: false
""", 16

    def schedule(self, number):
        return f"schedule-{self.number}-{number}", "TaskSchedule", f"""\
  task_ref: task-{self.number}-{number + 1}
  schedule: "{number * 30} 9 * * 1-5"
  time_zone: Europe/Prague
  suspend: false
  starting_deadline_seconds: 300
  concurrency_policy: forbid
  successful_history_limit: 10
  failed_history_limit: 3
""", 56

    def webhook(self, number):
        return f"webhook-{self.number}-{number}", "TaskWebhook", f"""\
  task_ref: task-{self.number}-1
  suspend: false
  auth:
    profile: github
    secret_ref: secret-{self.number}-1
    signature_header: X-Hub-Signature-256
    max_skew_seconds: 300
  idempotency:
    event_id_header: X-GitHub-Delivery
    dedupe_window_seconds: 86400
  payload:
    mode: raw
    input_key: webhook_payload
""", 46

    def worker(self, number):
        model = PROVIDERS[number % 4][2]
        return f"worker-{self.number}-{number}", "Worker", f"""\
  region: eu-central-1
  max_concurrent_tasks: 4
  capabilities:
    gpu: true
    supported_models: [{model}-{self.number}-0, {model}-{self.number}-0-large]
""", 62

    def approval(self, number):
        n = self.number
        return f"approval-{n}-{number}", "ToolApproval", f"""\
  task_ref: task-{n}-0
  tool: tool-{n}-{number}
  operation_class: write
  agent: agent-{n}-{number}
  input: '{{"topic": "quarterly report", "limit": 20}}'
  reason: Writes to the team's shared folder
  ttl: 15m
""", 56


# How many of each a team has: together a hundred.
SHARES = [
    ("secret", 2), ("model_endpoint", 6), ("backend", 2), ("alias", 6), ("mcp_server", 2),
    ("tool", 10), ("memory", 2), ("role", 4), ("agent", 24), ("permission", 16), ("policy", 1),
    ("system", 6), ("task", 13), ("schedule", 2), ("webhook", 1), ("worker", 1), ("approval", 2),
]

VERSIONS = {
    "ModelAlias": "routing.orloj.dev/v1alpha1",
    "AgentgatewayBackend": "agentgateway.dev/v1alpha1",
}
