/** What stands against the machines, as the playground lists it. */
import { expect, test } from "vitest";
import { list } from "../src/core/hardships.ts";
import { fold } from "../src/core/objects.ts";

const object = (kind: string, name: string, namespace?: string) => ({
  op: "added" as const,
  object: { kind, metadata: { uid: `${kind} ${namespace} ${name}`, name, namespace } },
});

test("nodes and pods stand by name, each with what was set against it", () => {
  const objects = fold(new Map(), true, [
    object("Node", "node-2"),
    // Items of lists do not say their kind.
    { op: "added", object: { metadata: { uid: "1", name: "node-1" }, status: { capacity: { cpu: "2" } } } },
    object("Pod", "web", "default"),
    object("Pod", "web", "other"),
  ]);
  const found = list(objects, [
    { id: "node", node: "node-2", state: "gone" },
    { id: "hang", namespace: "other", pod: "web", hangs: true },
    { id: "dns", state: "slow" },
  ]);
  expect(found.nodes).toEqual([
    { name: "node-1", state: "there" },
    { name: "node-2", state: "gone" },
  ]);
  expect(found.pods.map(({ key, hangs, leaks }) => [key, hangs, leaks])).toEqual([
    ["web", false, false],
    ["other/web", true, false],
  ]);
  expect([found.registry, found.dns]).toEqual(["there", "slow"]);
});
