// Written by `cargo test -p playground --test wire` from server/playground/src/wire. Do not edit.
export const PROTOCOL = 1;
export const MAX_MESSAGE_BYTES = 65536;
export const OUTPUT_WINDOW_BYTES = 262144;
export const INPUT_WINDOW_BYTES = 65536;
export const MAX_TERMINALS = 8;
export const MAX_FILE_BYTES = 49152;
export const BINARY_INPUT = 0;
export const BINARY_OUTPUT = 1;
export const BINARY_HEADER_BYTES = 5;

export type ClientFrame = { "type": "hello", protocol: number, } | { "type": "term.open", id: number, cols: number, rows: number, seen: number, } | { "type": "term.resize", id: number, cols: number, rows: number, } | { "type": "term.ack", id: number, received: number, } | { "type": "term.close", id: number, } | { "type": "step.check", step: string, } | { "type": "step.hint", step: string, index: number, } | { "type": "step.solution", step: string, } | { "type": "step.answer", step: string, question: string, answer: Answer, } | { "type": "step.jump", step: string, } | { "type": "session.rewind", at: string, } | { "type": "session.restart" } | { "type": "file.read", request: number, path: string, } | { "type": "file.write", request: number, path: string, text: string, unless_changed: boolean, } | { "type": "file.check", request: number, text: string, } | { "type": "file.complete", request: number, text: string, line: number, column: number, } | { "type": "file.explain", request: number, text: string, line: number, } | { "type": "file.list", request: number, path: string, } | { "type": "file.watch", path: string, } | { "type": "file.unwatch", path: string, } | { "type": "objects.watch" } | { "type": "objects.unwatch" } | { "type": "clock", command: ClockCommand, } | { "type": "fault", request: number, fault: Fault, } | { "type": "faults", request: number, } | { "type": "findings", request: number, after: number, } | { "type": "ping", n: number, };

export type Answer = boolean | number | string;

export type ClockCommand = { "do": "speed", factor: number, } | { "do": "pause" } | { "do": "resume" } | { "do": "step" } | { "do": "skip", seconds: number, };

export type Fault = { "id": "addNode" } | { "id": "removeNode", node: string, } | { "id": "node", node: string, state: Health, } | { "id": "registry", state: Health, } | { "id": "dns", state: Health, } | { "id": "hang", namespace: string, pod: string, hangs: boolean, } | { "id": "leak", namespace: string, pod: string, rate: string, };

export type Health = "there" | "slow" | "gone";

export type Finding = { 
/**
 * Rises with each finding of a cluster.
 */
number: number, 
/**
 * Milliseconds since 1970, of the cluster's clock.
 */
at_ms: number, 
/**
 * The pod's uid.
 */
pod: string, what: Found, };

export type Found = { "is": "placing", chosen: string | null, verdicts: Array<Verdict>, } | { "is": "probe", container: string, 
/**
 * `Startup`, `Liveness`, `Readiness`.
 */
kind: string, passed: boolean | null, answer: string, };

export type Verdict = { node: string, score: number | null, reasons: Array<string>, };

export type ServerFrame = { "type": "welcome", protocol: number, session: string, backend: Backend, namespace: string, state: SessionState, terminals: Array<TermState>, steps: Array<StepState>, clock: ClockState | null, previews: Array<Preview>, 
/**
 * Whether the cluster can be taken back in time: a simulated one that is kept as it goes.
 */
rewinds: boolean, } | { "type": "session", state: SessionState, message: string | null, } | { "type": "term.opened", id: number, offset: number, 
/**
 * `offset` plus what is replayed: bytes before it are history, during which the page must not answer terminal queries.
 */
live: number, 
/**
 * A new shell was started (false: the page attached to a running one).
 */
created: boolean, } | { "type": "term.missed", id: number, offset: number, live: number, } | { "type": "term.accepted", id: number, accepted: number, } | { "type": "term.closed", id: number, code: number | null, } | { "type": "steps", steps: Array<StepState>, } | { "type": "step.reason", step: string, reasons: Array<string>, } | { "type": "step.hint", step: string, index: number, total: number, html: string | null, } | { "type": "step.solution", step: string, commands: Array<string>, } | { "type": "step.answered", step: string, question: string, right: boolean | null, message: string | null, 
/**
 * The prediction itself, told again after each `welcome`.
 */
said: string | null, } | { "type": "file", request: number, path: string, text: string | null, size: number, } | { "type": "file.written", request: number, path: string, } | { "type": "file.list", request: number, path: string, entries: Array<FileEntry>, } | { "type": "file.checked", request: number, problems: Array<Problem>, } | { "type": "file.completed", request: number, from: number, choices: Array<Choice>, } | { "type": "file.explained", request: number, explanation: Explanation | null, } | { "type": "file.changed", path: string, event: FileEvent, } | { "type": "objects", reset: boolean, changes: Array<ObjectChange>, } | { "type": "clock", clock: ClockState, } | { "type": "faults", request: number | null, faults: Array<Fault>, } | { "type": "findings", request: number, findings: Array<Finding>, } | { "type": "preview", preview: Preview, open: boolean, } | { "type": "preview.closed", port: number, } | { "type": "lesson.changed" } | { "type": "notice", level: Level, text: string, } | { "type": "error", code: string, message: string, request: number | null, } | { "type": "pong", n: number, };

export type Backend = "sim" | "real";

export type SessionState = "starting" | "ready" | "unreachable" | "crashed" | "ended";

export type TermState = { id: number, cols: number, rows: number, 
/**
 * Output bytes so far.
 */
written: number, };

export type StepState = { id: string, status: StepStatus, 
/**
 * What ticked it.
 */
cause: StepCause | null, 
/**
 * Why it is still open, in the learner's language, where that is known already.
 */
reason: string | null, };

export type StepStatus = "open" | "done" | "lapsed";

export type StepCause = { text: string, 
/**
 * RFC 3339.
 */
at: string, };

export type FileEntry = { name: string, directory: boolean, size: number, };

export type FileEvent = "created" | "changed" | "removed";

export type ObjectChange = { op: ObjectOp, 
/**
 * The whole object (without managedFields); on `deleted` its last state.
 */
object: unknown, };

export type ObjectOp = "added" | "modified" | "deleted";

export type ClockState = { 
/**
 * The cluster's time, RFC 3339 with milliseconds.
 */
now: string, factor: number, paused: boolean, };

export type Preview = { port: number, 
/**
 * Whole address of its first page, on an origin of its own (or a path with a CSP sandbox).
 */
url: string, 
/**
 * Where it leads to, as kubectl said it (`pod/kuard:8080`).
 */
target: string, };

export type Level = "info" | "warning" | "error";

export type Problem = { 
/**
 * From 1.
 */
line: number, 
/**
 * From 1.
 */
column: number, message: string, };

export type Choice = { label: string, 
/**
 * The text that stands in the place of the word; the cursor goes to its end.
 */
insert: string, 
/**
 * A word or two: the type of a field, the version of a kind. May be empty.
 */
detail: string, 
/**
 * What it means, in the words of the API; may be empty.
 */
about: string, kind: ChoiceKind, };

export type ChoiceKind = "field" | "value" | "name" | "kind";

export type Explanation = { 
/**
 * The command that says the same in a terminal.
 */
command: string, 
/**
 * Its type, in the words of that command (`[]Container`).
 */
shape: string, required: boolean, about: string, 
/**
 * The values that it takes; empty where anything goes.
 */
values: Array<string>, };

export type Props = { 
/**
 * Path under which everything is served, with a slash at its end (`/`, `/podschool/`).
 */
base: string, 
/**
 * BCP 47: `en`, `pt-BR`, `fr`, `ja`.
 */
lang: string, version: string, session: PageSession | null, lesson: PageLesson | null, 
/**
 * Of a lesson within a page of others, which has no session yet.
 */
embed: PageEmbed | null, };

export type PageSession = { id: string, 
/**
 * Path of the WebSocket, from the root of the host.
 */
socket: string, backend: Backend, namespace: string, 
/**
 * POST there gives a kubeconfig for the learner's own kubectl; `None`: there is none here.
 */
kubeconfig: string | null, };

export type PageLesson = { 
/**
 * `<track>/<lesson>` as in the folder `lessons`.
 */
id: string, title: string, minutes: number, steps: Array<PageStep>, 
/**
 * Files that lie in the home at the start, the first of them opened in the editor.
 */
files: Array<string>, 
/**
 * Where the lesson after this one is, from the root of the host.
 */
next: string | null, 
/**
 * Where pages of others may frame it from, from the root of the host.
 */
embed: string | null, };

export type PageStep = { id: string, title: string, 
/**
 * How many hints can be asked for.
 */
hints: number, 
/**
 * Whether there is a solution to show.
 */
solution: boolean, 
/**
 * The state when the page was drawn.
 */
state: StepState, };

export type PageEmbed = { 
/**
 * POST there begins; answered by [`Embedded`] or [`Trouble`].
 */
start: string, 
/**
 * The lesson itself, for a tab of its own.
 */
onward: string, };

export type Embedded = { session: PageSession, 
/**
 * For `Authorization: Bearer …`; the page keeps it in memory only.
 */
token: string, 
/**
 * POST there with the token for a [`Ticket`].
 */
ticketPath: string, };

export type Ticket = { ticket: string, };

export type Shared = { 
/**
 * Whole address.
 */
url: string, 
/**
 * RFC 3339: after it the link leads nowhere.
 */
until: string, };

export type Brought = { 
/**
 * Where it is, from the root of the host.
 */
to: string, };

export type Trouble = { message: string, };
