/**
 * Why an object is as it is, from what the cluster itself wrote down: conditions, states, events, endpoints. Works on
 * either cluster. Each reason is a message of the interface and its values; words of the cluster stay as they are.
 */
import type { Verdict } from "../wire/wire.ts";
import { type Findings, NOTHING_FOUND, type Placing, type Probed } from "./findings.ts";
import { type KubeObject, kindOf, type Objects, ofKind } from "./objects.ts";
import { addressesOf, matches, mounts } from "./picture.ts";

/** Of how many runs of a probe it is told how they went. */
const LAST_RUNS = 5;

export interface Reason {
  id: string;
  /** A message of its own where it is one. */
  values: Record<string, string | number | { id: string }>;
  /** Something is wrong, or not yet right. */
  ill: boolean;
  /** It explains the reason before it. */
  under?: boolean;
}

export interface Happening {
  /** RFC 3339. */
  at: string;
  reason: string;
  message: string;
  count: number;
  warning: boolean;
}

function same(a: KubeObject | undefined, b: KubeObject): boolean {
  return a?.metadata?.uid === b.metadata?.uid;
}

/** What happened to an object, oldest first. */
export function happenings(objects: Objects, object: KubeObject): Happening[] {
  return ofKind(objects, "Event")
    .filter((event) => {
      const about = event.involvedObject;
      if (kindOf(object) === "Node") return about?.kind === "Node" && about.name === object.metadata?.name;
      return about?.uid !== undefined && about.uid === object.metadata?.uid;
    })
    .map((event) => ({
      at: event.lastTimestamp ?? event.eventTime ?? event.metadata?.creationTimestamp ?? "",
      reason: event.reason ?? "",
      message: event.message ?? "",
      count: event.count ?? event.series?.count ?? 1,
      warning: event.type === "Warning",
    }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Seconds of a waiting container's back-off, as its message tells them; 0 where it tells none. */
export function backOff(message: string | undefined): number {
  const found = /back-off (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?/.exec(message ?? "");
  if (!found) return 0;
  return Number(found[1] ?? 0) * 3600 + Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0);
}

function clockOf(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toISOString().slice(11, 19);
}

function placing(pod: KubeObject, found: Placing | undefined): Reason[] {
  const placed = pod.status?.conditions?.find((each) => each.type === "PodScheduled");
  const all = found?.verdicts ?? [];
  const isOnly = all.filter(({ score }) => score !== null).length === 1;
  const verdicts = all.map((verdict) => judged(verdict, found?.chosen ?? null, isOnly));
  if (pod.spec?.nodeName) {
    const at = placed?.lastTransitionTime ? clockOf(placed.lastTransitionTime) : "";
    return [{ id: "why-placed", values: { node: pod.spec.nodeName, at }, ill: false }, ...verdicts];
  }
  return [{ id: "why-unplaced", values: { message: placed?.message ?? "" }, ill: true }, ...verdicts];
}

/** What the scheduler said of one node. */
function judged({ node, score, reasons }: Verdict, chosen: string | null, isOnly: boolean): Reason {
  if (score === null)
    return {
      id: "why-node-unfit",
      values: { node, reasons: reasons.join(", ") },
      ill: chosen === null,
      under: true,
    };
  const id = node !== chosen ? "why-node-fits" : isOnly ? "why-node-only" : "why-node-chosen";
  return { id, values: { node, score }, ill: false, under: true };
}

function running(pod: KubeObject): Reason[] {
  const reasons: Reason[] = [];
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, state, lastState, restartCount, ready } of all) {
    const { waiting, terminated } = state ?? {};
    const last = lastState?.terminated ?? terminated;
    if (waiting?.reason) {
      const words = { name, reason: waiting.reason, message: waiting.message ?? "" };
      reasons.push({ id: "why-waiting", values: words, ill: waiting.reason !== "ContainerCreating" });
      const pause = backOff(waiting.message);
      if (pause > 0 && last?.finishedAt) {
        const until = clockOf(new Date(Date.parse(last.finishedAt) + pause * 1000).toISOString());
        reasons.push({ id: "why-back-off", values: { name, until, seconds: pause }, ill: true });
      }
    } else if (state?.running) {
      const at = clockOf(state.running.startedAt ?? "");
      reasons.push({ id: ready ? "why-ready" : "why-not-ready", values: { name, at }, ill: !ready });
    }
    if (last) {
      const reason = last.reason ?? "";
      const values = { name, reason, code: last.exitCode ?? 0, at: clockOf(last.finishedAt ?? "") };
      reasons.push({ id: "why-ended", values, ill: (last.exitCode ?? 0) !== 0 });
    }
    if ((restartCount ?? 0) > 0)
      reasons.push({ id: "why-restarts", values: { name, count: restartCount ?? 0 }, ill: true });
  }
  return reasons;
}

/** The last run of each probe with its answer, and how the last few went. */
function probed(pod: KubeObject, runs: readonly Probed[]): Reason[] {
  const names = new Set(pod.spec?.containers?.map((container) => container.name));
  const kinds = new Map<string, Probed[]>();
  for (const run of runs) {
    const key = `${run.container} ${run.kind}`;
    kinds.set(key, [...(kinds.get(key) ?? []), run].slice(-LAST_RUNS));
  }
  return [...kinds.values()].flatMap((last) => {
    const run = last.at(-1);
    if (!run || !(names.has(run.container) || pod.spec?.initContainers)) return [];
    const values = {
      probe: { id: `probe-${run.kind.toLowerCase()}` },
      name: run.container,
      at: clockOf(new Date(run.at_ms).toISOString()),
      answer: run.answer,
      passed: last.filter((each) => each.passed).length,
      all: last.length,
    };
    return [{ id: run.passed ? "why-probed-well" : "why-probed-ill", values, ill: !run.passed }];
  });
}

/** What events tell of probes: of a real cluster that is all. */
function probing(events: readonly Happening[]): Reason[] {
  const last = events.filter((event) => event.reason === "Unhealthy").at(-1);
  if (!last) return [];
  const values = { message: last.message, at: clockOf(last.at), count: last.count };
  return [{ id: "why-probe", values, ill: true }];
}

function reached(objects: Objects, pod: KubeObject): Reason[] {
  return ofKind(objects, "Service")
    .filter((service) => matches(service, pod))
    .map((service) => {
      const isIn = addressesOf(objects, service).has(pod.status?.podIP ?? "");
      const ready = pod.status?.conditions?.find((each) => each.type === "Ready");
      const values = { service: service.metadata?.name ?? "", message: ready?.message ?? "" };
      if (isIn) return { id: "why-endpoint", values, ill: false };
      const id = pod.status?.podIP ? "why-no-endpoint" : "why-no-address";
      return { id, values, ill: true };
    });
}

function stored(objects: Objects, pod: KubeObject): Reason[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const claim = volume.persistentVolumeClaim?.claimName;
    if (!claim) return [];
    const found = ofKind(objects, "PersistentVolumeClaim").find(
      (each) => each.metadata?.name === claim && each.metadata?.namespace === pod.metadata?.namespace,
    );
    const phase = found?.status?.phase ?? "–";
    const values = { claim, phase, volume: found?.spec?.volumeName ?? "–" };
    return [{ id: "why-claim", values, ill: phase !== "Bound" }];
  });
}

/** Why a service reaches whom it reaches. */
function serving(objects: Objects, service: KubeObject): Reason[] {
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0) return [{ id: "why-no-selector", values: {}, ill: false }];
  const labels = selector.map(([name, value]) => `${name}=${value}`).join(",");
  const pods = ofKind(objects, "Pod").filter((pod) => matches(service, pod));
  if (pods.length === 0) return [{ id: "why-selects-none", values: { labels }, ill: true }];
  const addresses = addressesOf(objects, service);
  const chosen: Reason = { id: "why-selects", values: { labels, count: pods.length }, ill: false };
  const each = pods.map((pod): Reason => {
    const isIn = addresses.has(pod.status?.podIP ?? "");
    const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
    const values = {
      pod: pod.metadata?.name ?? "",
      address: pod.status?.podIP ?? "–",
      message: ready?.message ?? "",
    };
    return { id: isIn ? "why-in" : "why-out", values, ill: !isIn };
  });
  return [chosen, ...each];
}

/** Why a claim is bound, or waits. */
function claiming(objects: Objects, claim: KubeObject): Reason[] {
  const phase = claim.status?.phase ?? "Pending";
  const volume = claim.spec?.volumeName;
  const pods = ofKind(objects, "Pod").filter((pod) => mounts(pod, claim));
  const state: Reason = volume
    ? { id: "why-bound", values: { phase, volume, class: claim.spec?.storageClassName ?? "–" }, ill: false }
    : { id: "why-unbound", values: { phase, class: claim.spec?.storageClassName ?? "–" }, ill: true };
  const last = volume ? undefined : happenings(objects, claim).at(-1);
  return [
    state,
    ...(last ? [{ id: "why-last", values: { reason: last.reason, message: last.message }, ill: true }] : []),
    ...pods.map((pod) => ({ id: "why-mounted", values: { pod: pod.metadata?.name ?? "" }, ill: false })),
  ];
}

/** What keeps the volumes of a pod from being mounted, in the kubelet's words. */
function mounting(pod: KubeObject, events: readonly Happening[]): Reason[] {
  if (pod.status?.containerStatuses?.some((each) => each.state?.running)) return [];
  const last = events.filter((event) => /^Failed(?:Mount|AttachVolume)$/.test(event.reason)).at(-1);
  return last ? [{ id: "why-last", values: { reason: last.reason, message: last.message }, ill: true }] : [];
}

/** The chain of decisions behind a pod, a node, a service or a claim. */
export function why(objects: Objects, object: KubeObject, findings: Findings = NOTHING_FOUND): Reason[] {
  const kind = kindOf(object);
  if (kind === "Service") return serving(objects, object);
  if (kind === "PersistentVolumeClaim") return claiming(objects, object);
  if (kind === "Node") {
    return (object.status?.conditions ?? [])
      .filter((each) => (each.type === "Ready") !== (each.status === "True") || each.type === "Ready")
      .map((each) => ({
        id: "why-condition",
        values: { type: each.type, status: each.status, message: each.message ?? "" },
        ill: (each.type === "Ready") !== (each.status === "True"),
      }));
  }
  const leaving: Reason[] = object.metadata?.deletionTimestamp
    ? [{ id: "why-leaving", values: { until: clockOf(object.metadata.deletionTimestamp) }, ill: true }]
    : [];
  const live = [...objects.values()].find((each) => same(each, object)) ?? object;
  const uid = live.metadata?.uid ?? "";
  const runs = findings.probes.get(uid) ?? [];
  return [
    ...leaving,
    ...placing(live, findings.placings.get(uid)),
    ...running(live),
    ...(runs.length > 0 ? probed(live, runs) : probing(happenings(objects, live))),
    ...reached(objects, live),
    ...stored(objects, live),
    ...mounting(live, happenings(objects, live)),
  ];
}
