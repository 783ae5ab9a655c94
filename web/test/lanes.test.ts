import { expect, test } from "vitest";
import { foldLanes, stretch } from "../src/core/lanes.ts";
import type { KubeObject } from "../src/core/objects.ts";
import { fold } from "../src/core/objects.ts";
import { nowOf } from "../src/core/time.ts";
import { backOff, why } from "../src/core/why.ts";
import { yaml } from "../src/core/yaml.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const at = (s: number) => new Date(START + s * 1000).toISOString();

function pod(status: KubeObject["status"]): KubeObject {
  const metadata = { name: "bad", namespace: "default", uid: "u1", creationTimestamp: at(0) };
  return {
    kind: "Pod",
    metadata,
    spec: { nodeName: "node-1", containers: [{ name: "c" }] },
    ...(status && { status }),
  };
}

const added = (object: KubeObject) => [{ op: "added" as const, object }];

test("a lane follows a container through start, readiness, end and back-off", () => {
  let lanes = foldLanes(new Map(), true, added(pod({})), START + 100);
  const see = (s: number, status: KubeObject["status"]) => {
    lanes = foldLanes(lanes, false, added(pod(status)), START + s * 1000);
  };
  const running = { running: { startedAt: at(2) } };
  see(2, { containerStatuses: [{ name: "c", ready: false, state: running }] });
  see(5, { containerStatuses: [{ name: "c", ready: true, state: running }] });
  const ended = { terminated: { exitCode: 1, reason: "Error", startedAt: at(2), finishedAt: at(9) } };
  see(9, { containerStatuses: [{ name: "c", ready: false, state: ended }] });
  const waiting = { waiting: { reason: "CrashLoopBackOff", message: "back-off 1m20s restarting" } };
  const last = { name: "c", ready: false, restartCount: 1, state: waiting, lastState: ended };
  see(10, { containerStatuses: [last] });
  const lane = [...lanes.values()][0];
  expect(lane?.spans.map((span) => [span.phase, (span.from_ms - START) / 1000])).toEqual([
    ["waiting", 0],
    ["running", 2],
    ["ready", 5],
    ["ended", 9],
    ["backoff", 10],
  ]);
  expect(stretch(lanes, START + 10_000).to_ms).toBeGreaterThan(START + 10_000);
  const objects = fold(new Map(), true, added(pod({ containerStatuses: [last] })));
  const reasons = why(objects, pod({ containerStatuses: [last] }));
  expect(reasons.find((each) => each.id === "why-back-off")?.values.until).toBe("00:01:29");
});

test("events become marks of their container, once each", () => {
  let lanes = foldLanes(new Map(), true, added(pod({})), START);
  const event = (count: number): KubeObject => ({
    kind: "Event",
    metadata: { uid: "e1" },
    involvedObject: { uid: "u1", fieldPath: "spec.containers{c}" },
    reason: "Unhealthy",
    message: "Liveness probe failed",
    count,
    lastTimestamp: at(count),
  });
  for (const count of [1, 2, 2]) lanes = foldLanes(lanes, false, added(event(count)), START);
  expect([...(lanes.values().next().value?.marks.values() ?? [])].map((mark) => mark.kind)).toEqual([
    "probe",
    "probe",
  ]);
});

test("the clock is reckoned between what the server says", () => {
  const state = { now: at(0), factor: 10, paused: false };
  expect(nowOf({ state, heard_ms: 1000 }, 1500) - START).toBe(5000);
  expect(nowOf({ state: { ...state, paused: true }, heard_ms: 1000 }, 9000) - START).toBe(0);
});

test.each([
  ["Always", 0, {}, "backoff"],
  ["OnFailure", 1, {}, "backoff"],
  ["OnFailure", 0, {}, "ended"],
  ["Never", 1, {}, "ended"],
  ["Always", 1, { deletionTimestamp: at(10) }, "ended"],
])(
  "what ends under %s with %i and starts again is in back-off",
  (restartPolicy, exitCode, more, expected) => {
    const object = pod({
      phase: "Running",
      containerStatuses: [
        {
          name: "c",
          state: { terminated: { exitCode, reason: "Error", startedAt: at(2), finishedAt: at(9) } },
        },
      ],
    });
    Object.assign(object.spec ?? {}, { restartPolicy });
    Object.assign(object.metadata ?? {}, more);
    const lanes = foldLanes(new Map(), false, added(object), START + 10_000);
    const span = [...lanes.values()][0]?.spans.at(-1);
    expect([span?.phase, span?.from_ms]).toEqual([expected, START + 9000]);
  },
);

test("back-offs are read from the kubelet's words", () => {
  expect(backOff("back-off 5m0s restarting failed container=c")).toBe(300);
  expect(backOff("back-off 10s restarting")).toBe(10);
  expect(backOff("pulling")).toBe(0);
});

test("objects read as YAML", () => {
  const object = { kind: "Pod", spec: { a: [{ b: 1, c: ["x"] }], d: {}, e: "yes", f: "two\nlines\n" } };
  expect(yaml(object)).toBe(
    'kind: Pod\nspec:\n  a:\n  - b: 1\n    c:\n    - x\n  d: {}\n  e: "yes"\n  f: |\n    two\n    lines\n',
  );
});
