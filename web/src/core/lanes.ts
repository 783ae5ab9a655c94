/**
 * A lane of time for each container: what it was when, and what happened to it. Folded from the objects as they come;
 * what was before the page looked on is read from the times that pods and events carry. Times are milliseconds of the
 * cluster's clock.
 */
import type { ObjectChange } from "../wire/wire.ts";
import type { Findings } from "./findings.ts";
import type { ContainerStatus, KubeObject } from "./objects.ts";

export type Phase = "waiting" | "running" | "ready" | "backoff" | "ended";

export interface Span {
  from_ms: number;
  /** Open when it lasts. */
  to_ms: number | undefined;
  phase: Phase;
  words: string;
}

export type MarkKind = "started" | "probe" | "passed" | "killing" | "pull" | "other";

export interface Mark {
  at_ms: number;
  kind: MarkKind;
  words: string;
}

export interface Lane {
  id: string;
  pod: string;
  container: string;
  restarts: number;
  spans: Span[];
  marks: Map<string, Mark>;
}

/** Lanes by pod's uid and container. */
export type Lanes = ReadonlyMap<string, Lane>;

const MOST_LANES = 60;
const MOST_MARKS = 400;

function ms(time: string | undefined): number | undefined {
  const parsed = Date.parse(time ?? "");
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Whether the kubelet starts it again after a while: it says so in the state only for the moment before it does. */
function comesAgain(pod: KubeObject, exitCode: number | undefined): boolean {
  if (pod.status?.phase !== "Running" || pod.metadata?.deletionTimestamp) return false;
  const policy = pod.spec?.restartPolicy ?? "Always";
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

function phase(
  pod: KubeObject,
  status: ContainerStatus | undefined,
): {
  phase: Phase;
  words: string;
  from?: number | undefined;
} {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running) {
    return { phase: status?.ready ? "ready" : "running", words: "Running", from: ms(running.startedAt) };
  }
  if (terminated) {
    return {
      phase: comesAgain(pod, terminated.exitCode) ? "backoff" : "ended",
      words: terminated.reason ?? "Terminated",
      from: ms(terminated.finishedAt),
    };
  }
  const words = waiting?.reason ?? "Waiting";
  return { phase: /BackOff$/.test(words) ? "backoff" : "waiting", words };
}

function begin(lane: Lane, pod: KubeObject, status: ContainerStatus | undefined, now_ms: number): void {
  const born = ms(pod.metadata?.creationTimestamp) ?? now_ms;
  lane.spans.push({ from_ms: born, to_ms: undefined, phase: "waiting", words: "ContainerCreating" });
  const last = status?.lastState?.terminated;
  const started = ms(last?.startedAt);
  if (last && started !== undefined) {
    turn(lane, started, "ready", "Running");
    turn(lane, ms(last.finishedAt) ?? now_ms, "ended", last.reason ?? "Terminated");
  }
}

function turn(lane: Lane, at_ms: number, to: Phase, words: string): void {
  const open = lane.spans.at(-1);
  if (open && open.phase === to) {
    open.words = words;
    return;
  }
  const from_ms = Math.max(at_ms, open?.from_ms ?? at_ms);
  if (open) open.to_ms = from_ms;
  lane.spans.push({ from_ms, to_ms: undefined, phase: to, words });
}

function seePod(lanes: Map<string, Lane>, pod: KubeObject, now_ms: number): void {
  for (const { name } of pod.spec?.containers ?? []) {
    const id = `${pod.metadata?.uid} ${name}`;
    const status = pod.status?.containerStatuses?.find((each) => each.name === name);
    const known = lanes.get(id);
    const lane: Lane = known
      ? { ...known, spans: known.spans.map((span) => ({ ...span })) }
      : { id, pod: pod.metadata?.name ?? "", container: name, restarts: 0, spans: [], marks: new Map() };
    if (!known) begin(lane, pod, status, now_ms);
    const before = lane.restarts;
    lane.restarts = status?.restartCount ?? 0;
    const is = phase(pod, status);
    const last = status?.lastState?.terminated;
    if (known && lane.restarts > before && last)
      turn(lane, ms(last.finishedAt) ?? now_ms, "ended", last.reason ?? "");
    const open = lane.spans.at(-1);
    const again = open?.phase === "running" || open?.phase === "ready";
    const from = again && (is.phase === "ready" || is.phase === "running") && known ? now_ms : is.from;
    turn(
      lane,
      from ?? (known ? now_ms : (ms(last?.finishedAt) ?? open?.from_ms ?? now_ms)),
      is.phase,
      is.words,
    );
    lanes.set(id, lane);
  }
}

const KINDS: Record<string, MarkKind> = {
  Started: "started",
  Unhealthy: "probe",
  ProbeWarning: "probe",
  Killing: "killing",
  Pulling: "pull",
  Pulled: "pull",
};

function seeEvent(lanes: Map<string, Lane>, event: KubeObject): void {
  const about = event.involvedObject;
  const at_ms = ms(event.lastTimestamp ?? event.eventTime ?? event.metadata?.creationTimestamp);
  const kind = KINDS[event.reason ?? ""];
  const container = /\{(.+)\}$/.exec(about?.fieldPath ?? "")?.[1];
  const lane = container && lanes.get(`${about?.uid} ${container}`);
  if (!lane || at_ms === undefined || !kind || lane.marks.size >= MOST_MARKS) return;
  const marks = new Map(lane.marks);
  marks.set(`${event.metadata?.uid} ${event.count ?? 1}`, {
    at_ms,
    kind,
    words: `${event.reason}: ${event.message ?? ""}`,
  });
  lanes.set(lane.id, { ...lane, marks });
}

/** The lanes after these changes, at this time of the cluster. */
export function foldLanes(
  known: Lanes,
  reset: boolean,
  changes: readonly ObjectChange[],
  now_ms: number,
): Lanes {
  const lanes = new Map(reset ? [] : known);
  const objects = changes.map((change) => ({ op: change.op, object: change.object as KubeObject }));
  for (const { op, object } of objects.filter(
    ({ object }) => object.spec?.containers && object.kind !== "Event",
  )) {
    if (op !== "deleted") {
      seePod(lanes, object, now_ms);
      continue;
    }
    for (const { name } of object.spec?.containers ?? []) {
      const lane = lanes.get(`${object.metadata?.uid} ${name}`);
      if (lane) {
        const copy = { ...lane, spans: lane.spans.map((span) => ({ ...span })) };
        const open = copy.spans.at(-1);
        if (open) open.to_ms ??= now_ms;
        lanes.set(lane.id, copy);
      }
    }
  }
  for (const { object } of objects.filter(({ object }) => object.involvedObject)) seeEvent(lanes, object);
  for (const id of [...lanes.keys()].slice(0, Math.max(0, lanes.size - MOST_LANES))) lanes.delete(id);
  return lanes;
}

/** Marks of the runs that passed: events tell only of those that failed. */
export function passedRuns(lane: Lane, findings: Findings): Mark[] {
  const [uid = "", container] = lane.id.split(" ");
  const runs = (findings.probes.get(uid) ?? []).filter((run) => run.passed && run.container === container);
  return runs.map(({ at_ms, kind, answer }) => ({ at_ms, kind: "passed", words: `${kind}: ${answer}` }));
}

/** The stretch of time to draw: since the oldest thing shown, at least one minute, at most ten. */
export function stretch(lanes: Lanes, now_ms: number): { from_ms: number; to_ms: number } {
  const first = Math.min(now_ms, ...[...lanes.values()].map((lane) => lane.spans[0]?.from_ms ?? now_ms));
  const length = Math.min(Math.max((now_ms - first) * 1.1, 60_000), 600_000);
  return { from_ms: now_ms - length * 0.94, to_ms: now_ms + length * 0.06 };
}
