/** The picture read from objects: the STATUS column as kubectl writes it, room on nodes, services' pods. */
import { describe, expect, test } from "vitest";
import { fold, type KubeObject, type Objects, quantity } from "../src/core/objects.ts";
import { picture, podStatus } from "../src/core/picture.ts";
import { why } from "../src/core/why.ts";

function objects(...all: KubeObject[]): Objects {
  return fold(
    new Map(),
    true,
    all.map((object) => ({ op: "added" as const, object })),
  );
}

function pod(name: string, more: Partial<KubeObject> = {}): KubeObject {
  return {
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, labels: { app: name } },
    spec: { containers: [{ name: "main" }], ...more.spec },
    status: { phase: "Pending", ...more.status },
  };
}

const NODE: KubeObject = {
  kind: "Node",
  metadata: { name: "node-1", uid: "n" },
  status: {
    allocatable: { cpu: "2", memory: "4Gi" },
    conditions: [{ type: "Ready", status: "True" }],
  },
};

test("nodes stand in the order in which people count them", () => {
  const node = (name: string): KubeObject => ({ kind: "Node", metadata: { name, uid: name }, status: {} });
  const { nodes } = picture(objects(node("node-10"), node("node-2"), node("node-1")));
  expect(nodes.map(({ name }) => name)).toEqual(["node-1", "node-2", "node-10"]);
});

describe("STATUS", () => {
  const status = (state: object, ready = false) => ({
    phase: "Running",
    containerStatuses: [{ name: "main", ready, state }],
  });
  test.each([
    ["Pending", pod("a")],
    ["Running", pod("a", { status: status({ running: {} }, true) })],
    ["ContainerCreating", pod("a", { status: status({ waiting: { reason: "ContainerCreating" } }) })],
    ["CrashLoopBackOff", pod("a", { status: status({ waiting: { reason: "CrashLoopBackOff" } }) })],
    ["Completed", pod("a", { status: status({ terminated: { reason: "Completed", exitCode: 0 } }) })],
    ["ExitCode:3", pod("a", { status: status({ terminated: { exitCode: 3 } }) })],
    ["Signal:9", pod("a", { status: status({ terminated: { signal: 9, exitCode: 137 } }) })],
    ["Evicted", pod("a", { status: { phase: "Failed", reason: "Evicted" } })],
    [
      "Init:0/1",
      pod("a", {
        spec: { initContainers: [{ name: "i" }], containers: [] },
        status: { phase: "Pending", initContainerStatuses: [{ name: "i", state: { running: {} } }] },
      }),
    ],
    [
      "Init:Error",
      pod("a", {
        spec: { initContainers: [{ name: "i" }], containers: [] },
        status: {
          phase: "Pending",
          initContainerStatuses: [{ name: "i", state: { terminated: { reason: "Error", exitCode: 1 } } }],
        },
      }),
    ],
  ])("%s", (words, object) => expect(podStatus(object)).toBe(words));
  test("Terminating", () => {
    const going = pod("a", { status: { phase: "Running" } });
    going.metadata = { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(podStatus(going)).toBe("Terminating");
  });
});

test("pods wait for a node, then stand on it and take its room", () => {
  const asks = { containers: [{ name: "main", resources: { requests: { cpu: "500m", memory: "64Mi" } } }] };
  const before = picture(objects(NODE, pod("a", { spec: asks })));
  expect(before.unplaced.map((each) => each.name)).toEqual(["a"]);
  const after = picture(objects(NODE, pod("a", { spec: { ...asks, nodeName: "node-1" } })));
  expect(after.unplaced).toEqual([]);
  expect(after.nodes[0]).toMatchObject({
    ready: true,
    cpu: { used: 0.5, all: 2 },
    memory_bytes: { used: 64 * 2 ** 20, all: 4 * 2 ** 30 },
    pods: [{ name: "a", ready: "0/1", health: "waiting", node: "node-1" }],
  });
});

test("a cordoned node says so, ready as it is", () => {
  const cordoned = { ...NODE, spec: { unschedulable: true } };
  expect(picture(objects(cordoned)).nodes[0]).toMatchObject({ ready: true, cordoned: true });
  expect(picture(objects(NODE)).nodes[0]).toMatchObject({ cordoned: false });
});

test("a service names its pods; an empty selector none", () => {
  const service = (name: string, selector: Record<string, string>): KubeObject => ({
    kind: "Service",
    metadata: { name, namespace: "default", uid: name },
    spec: { type: "ClusterIP", selector },
  });
  const shown = picture(objects(pod("a"), pod("b"), service("web", { app: "b" }), service("none", {})));
  expect(shown.unplaced.map((each) => each.services)).toEqual([[], ["web"]]);
});

describe("why", () => {
  const service: KubeObject = {
    kind: "Service",
    metadata: { name: "web", namespace: "default", uid: "web" },
    spec: { clusterIP: "10.96.0.7", ports: [{ port: 80 }], selector: { app: "a" } },
  };
  const at = (ip: string): NonNullable<KubeObject["status"]> => ({
    podIP: ip,
    conditions: [{ type: "Ready", status: "False", message: "containers with unready status: [main]" }],
  });
  const points = (...ips: string[]): KubeObject => ({
    kind: "Endpoints",
    metadata: { name: "web", namespace: "default", uid: "points" },
    subsets: [{ addresses: ips.map((ip) => ({ ip })) }],
  });
  const ids = (known: Objects, object: KubeObject) => why(known, object).map((reason) => reason.id);

  test("a service tells which of its pods get traffic, and why the others do not", () => {
    const known = objects(service, points(), pod("a", { status: at("10.0.0.2") }));
    expect(why(known, service)).toMatchObject([
      { id: "why-selects", values: { labels: "app=a", count: 1 } },
      { id: "why-out", ill: true, values: { pod: "a", message: "containers with unready status: [main]" } },
    ]);
    expect(picture(known).services).toMatchObject([
      { name: "web", address: "10.96.0.7:80", selected: 1, reached: 0, health: "ill" },
    ]);
    const reached = objects(service, points("10.0.0.2"), pod("a", { status: at("10.0.0.2") }));
    expect(ids(reached, service)).toEqual(["why-selects", "why-in"]);
    expect(ids(reached, pod("a", { status: at("10.0.0.2") }))).toContain("why-endpoint");
    expect(picture(reached).services).toMatchObject([{ reached: 1, health: "well" }]);
    expect(ids(objects(service, pod("b")), service)).toEqual(["why-selects-none"]);
  });

  test("a claim tells its volume, what it waits for, and who mounts it", () => {
    const claim = (volumeName?: string): KubeObject => ({
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: "default", uid: "data" },
      spec: { ...(volumeName && { volumeName }), resources: { requests: { storage: "1Gi" } } },
      status: { phase: volumeName ? "Bound" : "Pending" },
    });
    const waits: KubeObject = {
      kind: "Event",
      metadata: { uid: "event" },
      involvedObject: { uid: "data" },
      reason: "WaitForFirstConsumer",
      message: "waiting for first consumer to be created before binding",
    };
    expect(why(objects(claim(), waits), claim())).toMatchObject([
      { id: "why-unbound", ill: true },
      { id: "why-last", values: { reason: "WaitForFirstConsumer" } },
    ]);
    const spec = {
      containers: [{ name: "main" }],
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
    };
    const known = objects(claim("pvc-1"), pod("a", { spec }));
    expect(ids(known, claim("pvc-1"))).toEqual(["why-bound", "why-mounted"]);
    expect(picture(known).claims).toMatchObject([{ name: "data", size: "1Gi", pods: ["a"], health: "well" }]);
  });
});

test("changes are folded; lists that do not say their kind are understood", () => {
  const { kind: _, ...plain } = pod("a");
  let known = objects(NODE, plain);
  expect(picture(known).unplaced).toHaveLength(1);
  known = fold(known, false, [{ op: "deleted", object: pod("a") }]);
  expect(picture(known).unplaced).toEqual([]);
  expect(picture(fold(known, true, [])).nodes).toEqual([]);
});

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["64Mi", 64 * 2 ** 20],
  ["1e3", 1000],
  ["x", 0],
  [undefined, 0],
])("quantity %s", (text, number) => expect(quantity(text)).toBeCloseTo(number));
