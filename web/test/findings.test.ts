/** What the cluster found out, folded by pod, and the reasons that come of it. */
import { expect, test } from "vitest";
import { foldFindings, NOTHING_FOUND } from "../src/core/findings.ts";
import { passedRuns } from "../src/core/lanes.ts";
import type { KubeObject } from "../src/core/objects.ts";
import { why } from "../src/core/why.ts";
import type { Finding } from "../src/wire/wire.ts";

const START_MS = Date.parse("2030-01-01T00:00:00Z");

function probe(number: number, passed: boolean | null, answer: string): Finding {
  const what = { is: "probe", container: "c", kind: "Liveness", passed, answer } as const;
  return { number, at_ms: START_MS + number * 1000, pod: "u", what };
}

const PLACING: Finding = {
  number: 1,
  at_ms: START_MS,
  pod: "u",
  what: {
    is: "placing",
    chosen: "b",
    verdicts: [
      { node: "b", score: 150, reasons: [] },
      { node: "a", score: null, reasons: ["Insufficient cpu", "Too many pods"] },
    ],
  },
};

const POD: KubeObject = {
  kind: "Pod",
  metadata: { name: "p", uid: "u" },
  spec: { nodeName: "b", containers: [{ name: "c" }] },
  status: {},
};

test("nodes are told as the scheduler judged them, probes with their last answer", () => {
  const known = foldFindings(NOTHING_FOUND, [
    PLACING,
    probe(2, true, "HTTP 200"),
    probe(3, false, "HTTP 500"),
  ]);
  expect(known.last).toBe(3);
  const reasons = why(new Map(), POD, known);
  expect(reasons.slice(0, 3).map(({ id }) => id)).toEqual(["why-placed", "why-node-only", "why-node-unfit"]);
  expect(reasons[2]?.values).toEqual({ node: "a", reasons: "Insufficient cpu, Too many pods" });
  const told = reasons.find(({ id }) => id === "why-probed-ill");
  expect(told?.values).toMatchObject({ answer: "HTTP 500", passed: 1, all: 2, at: "00:00:03" });
});

test("a pod that waits has every node against it", () => {
  const { what } = PLACING;
  if (what.is !== "placing") throw new Error("no placing");
  const none: Finding = { ...PLACING, what: { ...what, chosen: null, verdicts: what.verdicts.slice(1) } };
  const waits: KubeObject = { ...POD, spec: { containers: [{ name: "c" }] } };
  const reasons = why(new Map(), waits, foldFindings(NOTHING_FOUND, [none]));
  expect(reasons.map(({ id, ill }) => [id, ill])).toEqual([
    ["why-unplaced", true],
    ["why-node-unfit", true],
  ]);
});

test("what passed is a mark of its container's lane alone", () => {
  const known = foldFindings(NOTHING_FOUND, [
    probe(1, true, "HTTP 200"),
    probe(2, null, "?"),
    probe(3, false, "no"),
  ]);
  const lane = { pod: "p", restarts: 0, spans: [], marks: new Map() };
  const marks = passedRuns({ ...lane, id: "u c", container: "c" }, known);
  expect(marks).toEqual([{ at_ms: START_MS + 1000, kind: "passed", words: "Liveness: HTTP 200" }]);
  expect(passedRuns({ ...lane, id: "u other", container: "other" }, known)).toEqual([]);
});

test("of a pod that is probed all day the last runs are kept", () => {
  const runs = Array.from({ length: 1000 }, (_, index) => probe(index + 1, true, "HTTP 200"));
  const { probes } = foldFindings(NOTHING_FOUND, runs);
  expect(probes.get("u")?.length).toBe(600);
  expect(probes.get("u")?.at(-1)?.at_ms).toBe(START_MS + 1_000_000);
});
