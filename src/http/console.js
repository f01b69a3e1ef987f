// Shows what the daemon says. Text only ever enters the page as text.
const byId = (id) => document.getElementById(id);

function row(cells) {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.textContent = cell ?? "";
    tr.append(td);
  }
  return tr;
}

function fill(id, rows, empty) {
  const body = byId(id);
  if (rows.length) {
    body.replaceChildren(...rows.map(row));
    return;
  }
  const nothing = row([empty]);
  nothing.firstChild.colSpan = body.closest("table").rows[0].cells.length;
  body.replaceChildren(nothing);
}

function facts(pairs) {
  byId("served").replaceChildren(
    ...pairs.flatMap(([name, value]) => {
      const dt = document.createElement("dt");
      const dd = document.createElement("dd");
      dt.textContent = name;
      dd.textContent = value ?? "none";
      return [dt, dd];
    }),
  );
}

// What keeps new commits from going live, each with what ends it.
function waiting({ held, pinned, suspended }) {
  const texts = [];
  if (held) {
    const digest = held.plan_digest.slice(0, "sha256:".length + 12);
    const opens = held.schedule?.earliest ? ` It goes live by itself at ${held.schedule.earliest}.` : "";
    texts.push(`Held: ${(held.commit ?? "").slice(0, 12)} "${held.summary}": ${held.message}.${held.secrets ? ` Secrets: ${secrets(held.secrets)}.` : ""}${opens} \`orloj confirm ${digest} --reason ...\` lets this plan go live.`);
  }
  if (pinned) {
    texts.push(`Pinned: rolled back to ${pinned.revision.slice(0, 12)} by ${pinned.by} at ${pinned.since}${because(pinned)}. \`orloj resume\` lets newer commits go live.`);
  }
  if (suspended) {
    const until = suspended.until ? ` until ${suspended.until}` : "";
    texts.push(`Suspended: by ${suspended.by} at ${suspended.since}${until}${because(suspended)}. \`orloj resume\` ends it.`);
  }
  byId("waiting").replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
}

// What became of each value of a secret: "changed", "re-encrypted only" or "ciphertext changed", never what it is.
const secrets = (told) => {
  const lines = (told?.changes ?? []).map((c) => `${c.namespace}/${c.name} ${c.path.split("/").pop()}: ${c.value_state ?? c.op}`);
  return lines.concat(told?.more ? [`and ${told.more} more`] : []).join("; ");
};

const because = ({ reason }) => (reason ? ` (${reason})` : "");

const load = (path) => fetch(path).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)));

// Names that can be called; null where a client's key is needed to see them, which is no key to this page.
const callable = () => load("/v1/models").catch((problem) => (problem === 401 ? null : Promise.reject(problem)));

async function show() {
  try {
    const [status, models, history] = await Promise.all([
      load("/api/v1/status"),
      callable(),
      load("/api/v1/revisions?limit=20"),
    ]);
    byId("phase").textContent = status.phase;
    byId("phase").dataset.phase = status.phase;
    facts([
      ["revision", status.revision],
      ["commit", status.commit && `${status.commit.summary} (${status.commit.author})`],
      ["since", status.since],
      ["error", status.error],
    ]);
    waiting(status);
    fill("sources", status.sources.map((s) => [s.name, `${s.location} @ ${s.ref}`, s.commit && `${s.commit.id.slice(0, 12)} ${s.commit.summary}`, s.error ?? (s.refused && `refused: ${s.refused.summary}`)]), "manifests come by hand alone");
    const hidden = "a client's key is needed to list them; `orloj explain NAME` says where one leads";
    fill("models", models ? models.data.map((m) => [m.id, m.orloj.kind, m.orloj.target]) : [], models ? "no names yet" : hidden);
    fill("conditions", status.conditions.map((c) => [`${c.resource.kind} ${c.resource.namespace}/${c.resource.name}`, c.message]), "everything is ready");
    fill("findings", status.findings.map((f) => [`${f.file}:${f.line}:${f.column}`, f.code, [f.message, f.hint].filter(Boolean).join(" — ")]), "none");
    fill("history", history.items.map((r) => [r.finished, r.revision.slice(0, 12), r.outcome, [r.summary, secrets(r.secrets)].filter(Boolean).join(" — ")]), "nothing yet");
  } catch (problem) {
    byId("phase").textContent = problem === 401 ? "this page needs a token; use `orloj status`" : "the daemon does not answer";
    byId("phase").dataset.phase = "Retrying";
  }
}

show();
setInterval(show, 2000);
