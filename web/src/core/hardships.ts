/** The machines of a simulated cluster and what stands against them, from its objects and the faults that were set. */
import type { Fault, Health } from "../wire/wire.ts";
import { type Objects, ofKind } from "./objects.ts";
import { byName } from "./picture.ts";

export interface NodeState {
  name: string;
  state: Health;
}

export interface PodState {
  /** `namespace/name`, or the name alone in `default`. */
  key: string;
  namespace: string;
  name: string;
  hangs: boolean;
  leaks: boolean;
}

export interface Hardships {
  nodes: readonly NodeState[];
  pods: readonly PodState[];
  registry: Health;
  dns: Health;
}

/** What there is, by name, and how it is: as it should be where nobody has set anything. */
export function list(objects: Objects, faults: readonly Fault[]): Hardships {
  const of = (kind: string) =>
    ofKind(objects, kind)
      .map(({ metadata }) => ({ name: metadata?.name ?? "", namespace: metadata?.namespace ?? "" }))
      .sort((a, b) => a.namespace.localeCompare(b.namespace) || byName(a.name, b.name));
  const nodes = of("Node").map(({ name }) => {
    const set = faults.find((fault) => fault.id === "node" && fault.node === name);
    return { name, state: set?.id === "node" ? set.state : "there" } as const;
  });
  const pods = of("Pod").map(({ name, namespace }) => {
    const against = (id: "hang" | "leak") =>
      faults.some((fault) => fault.id === id && fault.pod === name && fault.namespace === namespace);
    const key = namespace === "default" ? name : `${namespace}/${name}`;
    return { key, namespace, name, hangs: against("hang"), leaks: against("leak") };
  });
  const registry = faults.find((fault) => fault.id === "registry");
  const dns = faults.find((fault) => fault.id === "dns");
  return {
    nodes,
    pods,
    registry: registry?.id === "registry" ? registry.state : "there",
    dns: dns?.id === "dns" ? dns.state : "there",
  };
}
