/**
 * What the simulated cluster's scheduler and kubelets found out, by pod: how each node was judged last, and the last runs of each
 * probe. A real cluster tells nothing of it; there, status and events have to do.
 */
import type { Finding, Verdict } from "../wire/wire.ts";

export interface Placing {
  at_ms: number;
  chosen: string | null;
  verdicts: readonly Verdict[];
}

export interface Probed {
  at_ms: number;
  container: string;
  /** `Startup`, `Liveness`, `Readiness`. */
  kind: string;
  /** Null where the probe itself went wrong. */
  passed: boolean | null;
  answer: string;
}

export interface Findings {
  /** The number of the last one. */
  last: number;
  /** By the pod's uid. */
  placings: ReadonlyMap<string, Placing>;
  /** By the pod's uid, oldest first. */
  probes: ReadonlyMap<string, readonly Probed[]>;
}

export const NOTHING_FOUND: Findings = { last: 0, placings: new Map(), probes: new Map() };

/** Of one pod: at a run a second what a lane of ten minutes shows. */
const MOST_PROBES = 600;
const MOST_PODS = 200;

function newest<T>(map: Map<string, T>): Map<string, T> {
  for (const key of [...map.keys()].slice(0, Math.max(0, map.size - MOST_PODS))) map.delete(key);
  return map;
}

/** What is known after these; they come in the order of their numbers. */
export function foldFindings(known: Findings, findings: readonly Finding[]): Findings {
  const placings = new Map(known.placings);
  const probes = new Map(known.probes);
  let last = known.last;
  for (const { number, at_ms, pod, what } of findings) {
    last = number;
    if (what.is === "placing") {
      placings.set(pod, { at_ms, chosen: what.chosen, verdicts: what.verdicts });
      continue;
    }
    const { container, kind, passed, answer } = what;
    const run: Probed = { at_ms, container, kind, passed, answer };
    probes.set(pod, [...(probes.get(pod) ?? []), run].slice(-MOST_PROBES));
  }
  return { last, placings: newest(placings), probes: newest(probes) };
}
