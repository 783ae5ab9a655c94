/**
 * The cluster as it is drawn: nodes with their room, pods on them or still waiting for one, services and whom they
 * reach. A pure reading of objects; the words of a pod's state are those of `kubectl get pods`.
 */
import { type ContainerStatus, type KubeObject, type Objects, ofKind, quantity } from "./objects.ts";

/** How a thing stands, for its colour: well, on its way, or in need of help. */
export type Health = "well" | "waiting" | "ill" | "done";

export interface ContainerView {
  name: string;
  health: Health;
  /** `running`, or why not. */
  words: string;
}

export interface PodView {
  id: string;
  name: string;
  /** As in the STATUS column. */
  status: string;
  health: Health;
  /** As in the READY column. */
  ready: string;
  restarts: number;
  ip: string;
  node: string | undefined;
  containers: readonly ContainerView[];
  /** Names of the services whose selector matches. */
  services: readonly string[];
}

/** A resource of a node: what pods asked for, of what there is. */
export interface Room {
  used: number;
  all: number;
}

export interface NodeView {
  id: string;
  name: string;
  ready: boolean;
  /** Takes no new pods: `kubectl cordon` or `drain` said so. */
  cordoned: boolean;
  cpu: Room;
  memory_bytes: Room;
  pods: readonly PodView[];
}

export interface ServiceView {
  id: string;
  name: string;
  /** `ClusterIP`, `NodePort`, … */
  type: string;
  /** Where it listens: `10.96.0.12:80`, or its name alone where it has no address. */
  address: string;
  /** Pods that it selects, and those of them that get its traffic. */
  selected: number;
  reached: number;
  health: Health;
}

export interface ClaimView {
  id: string;
  name: string;
  /** `Bound`, `Pending`, `Lost`. */
  phase: string;
  size: string;
  /** Names of the pods that mount it. */
  pods: readonly string[];
  health: Health;
}

export interface Picture {
  nodes: readonly NodeView[];
  /** Pods without a node. */
  unplaced: readonly PodView[];
  services: readonly ServiceView[];
  claims: readonly ClaimView[];
}

const ON_THE_WAY = new Set(["Pending", "ContainerCreating", "PodInitializing", "Terminating"]);

function reasonOf(status: ContainerStatus): string | undefined {
  const { waiting, terminated } = status.state ?? {};
  if (waiting?.reason) return waiting.reason;
  if (!terminated) return undefined;
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** The STATUS column of `kubectl get pods`. */
export function podStatus(pod: KubeObject): string {
  const { status, spec, metadata } = pod;
  if (metadata?.deletionTimestamp) return status?.reason === "NodeLost" ? "Unknown" : "Terminating";
  let words = status?.reason || status?.phase || "Unknown";
  const inits = status?.initContainerStatuses ?? [];
  const sidecars = new Set(
    spec?.initContainers?.filter((c) => c.restartPolicy === "Always").map((c) => c.name),
  );
  const open = inits.findIndex((init) => {
    const over = init.state?.terminated?.exitCode === 0;
    return !over && !(sidecars.has(init.name) && init.ready);
  });
  if (open >= 0 && inits[open]) {
    const reason = reasonOf(inits[open]);
    return reason && reason !== "PodInitializing"
      ? `Init:${reason}`
      : `Init:${open}/${spec?.initContainers?.length ?? inits.length}`;
  }
  let running = false;
  for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
    words = reasonOf(container) ?? words;
    if (container.ready && container.state?.running) running = true;
  }
  if (words === "Completed" && running) {
    const ready = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
    return ready ? "Running" : "NotReady";
  }
  return words;
}

function healthOf(status: string, ready: number, all: number): Health {
  if (status === "Running") return ready === all ? "well" : "waiting";
  if (status === "Completed" || status === "Succeeded") return "done";
  return ON_THE_WAY.has(status) || /^Init:\d+\/\d+$/.test(status) ? "waiting" : "ill";
}

function containerView(name: string, status: ContainerStatus | undefined): ContainerView {
  if (status?.state?.running) return { name, words: "running", health: status.ready ? "well" : "waiting" };
  const words = (status && reasonOf(status)) ?? "waiting";
  return { name, words, health: healthOf(words === "waiting" ? "Pending" : words, 0, 1) };
}

export function matches(service: KubeObject, pod: KubeObject): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  const labels = pod.metadata?.labels ?? {};
  return (
    selector.length > 0 &&
    service.metadata?.namespace === pod.metadata?.namespace &&
    selector.every(([name, value]) => labels[name] === value)
  );
}

/** Views of pods, by their objects: one that has not changed is the same view again, and need not be drawn again. */
let views = new WeakMap<KubeObject, PodView>();
/** What they depend on beside their pods. */
let viewedWith: readonly KubeObject[] = [];

function viewsOf(pods: readonly KubeObject[], services: readonly KubeObject[]): PodView[] {
  const same = services.length === viewedWith.length && services.every((each, at) => each === viewedWith[at]);
  if (!same) views = new WeakMap();
  viewedWith = services;
  return pods.map((pod) => {
    const view = views.get(pod) ?? podView(pod, services);
    views.set(pod, view);
    return view;
  });
}

function podView(pod: KubeObject, services: readonly KubeObject[]): PodView {
  const statuses = pod.status?.containerStatuses ?? [];
  const names = pod.spec?.containers?.map((container) => container.name) ?? [];
  const status = podStatus(pod);
  const ready = statuses.filter((each) => each.ready).length;
  return {
    id: pod.metadata?.uid ?? pod.metadata?.name ?? "",
    name: pod.metadata?.name ?? "",
    status,
    health: healthOf(status, ready, names.length),
    ready: `${ready}/${names.length}`,
    restarts: statuses.reduce((sum, each) => sum + (each.restartCount ?? 0), 0),
    ip: pod.status?.podIP ?? "",
    node: pod.spec?.nodeName,
    containers: names.map((name) =>
      containerView(
        name,
        statuses.find((each) => each.name === name),
      ),
    ),
    services: services
      .filter((service) => matches(service, pod))
      .map((service) => service.metadata?.name ?? ""),
  };
}

/** The addresses that get a service's traffic, by its endpoints. */
export function addressesOf(objects: Objects, service: KubeObject): ReadonlySet<string> {
  const points = ofKind(objects, "Endpoints").find(
    (each) =>
      each.metadata?.name === service.metadata?.name &&
      each.metadata?.namespace === service.metadata?.namespace,
  );
  const all = (points?.subsets ?? []).flatMap((subset) => subset.addresses ?? []);
  return new Set(all.flatMap((address) => address.ip ?? []));
}

function serviceView(objects: Objects, service: KubeObject, pods: readonly KubeObject[]): ServiceView {
  const selected = pods.filter((pod) => matches(service, pod));
  const addresses = addressesOf(objects, service);
  const reached = selected.filter((pod) => addresses.has(pod.status?.podIP ?? "")).length;
  const { clusterIP, ports, type } = service.spec ?? {};
  const port = ports?.[0]?.port;
  const host = clusterIP && clusterIP !== "None" ? clusterIP : (service.metadata?.name ?? "");
  return {
    id: service.metadata?.uid ?? "",
    name: service.metadata?.name ?? "",
    type: type ?? "ClusterIP",
    address: port === undefined ? host : `${host}:${port}`,
    selected: selected.length,
    reached,
    health: reached === 0 ? "ill" : reached < selected.length ? "waiting" : "well",
  };
}

const NAMES = new Intl.Collator("en", { numeric: true });

/** The order of names as people count: `node-2` before `node-10`. */
export function byName(a: string, b: string): number {
  return NAMES.compare(a, b);
}

/** Whether a pod mounts a claim. */
export function mounts(pod: KubeObject, claim: KubeObject): boolean {
  return (
    pod.metadata?.namespace === claim.metadata?.namespace &&
    (pod.spec?.volumes ?? []).some(
      (volume) => volume.persistentVolumeClaim?.claimName === claim.metadata?.name,
    )
  );
}

function claimView(claim: KubeObject, pods: readonly KubeObject[]): ClaimView {
  const phase = claim.status?.phase ?? "Pending";
  return {
    id: claim.metadata?.uid ?? "",
    name: claim.metadata?.name ?? "",
    phase,
    size: claim.status?.capacity?.storage ?? claim.spec?.resources?.requests?.storage ?? "",
    pods: pods.filter((pod) => mounts(pod, claim)).map((pod) => pod.metadata?.name ?? ""),
    health: phase === "Bound" ? "well" : phase === "Pending" ? "waiting" : "ill",
  };
}

/** The API server's own service, which every cluster has, is no part of what the learner made. */
function isTheApi(service: KubeObject): boolean {
  return service.metadata?.name === "kubernetes" && !service.spec?.selector;
}

function asked(pods: readonly KubeObject[], resource: string): number {
  return pods
    .filter((pod) => pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed")
    .flatMap((pod) => pod.spec?.containers ?? [])
    .reduce((sum, container) => sum + quantity(container.resources?.requests?.[resource]), 0);
}

export function picture(objects: Objects): Picture {
  const pods = ofKind(objects, "Pod");
  const services = ofKind(objects, "Service");
  const born = (pod: KubeObject) => `${pod.metadata?.creationTimestamp ?? ""} ${pod.metadata?.name ?? ""}`;
  pods.sort((a, b) => (born(a) < born(b) ? -1 : 1));
  const nodes = ofKind(objects, "Node").sort((a, b) =>
    byName(a.metadata?.name ?? "", b.metadata?.name ?? ""),
  );
  return {
    nodes: nodes.map((node) => {
      const here = pods.filter((pod) => pod.spec?.nodeName === node.metadata?.name);
      const all = node.status?.allocatable ?? node.status?.capacity;
      return {
        id: node.metadata?.uid ?? "",
        name: node.metadata?.name ?? "",
        ready:
          node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false,
        cordoned: node.spec?.unschedulable === true,
        cpu: { used: asked(here, "cpu"), all: quantity(all?.cpu) },
        memory_bytes: { used: asked(here, "memory"), all: quantity(all?.memory) },
        pods: viewsOf(here, services),
      };
    }),
    unplaced: viewsOf(
      pods.filter((pod) => !pod.spec?.nodeName),
      services,
    ),
    services: services
      .filter((service) => !isTheApi(service))
      .map((service) => serviceView(objects, service, pods)),
    claims: ofKind(objects, "PersistentVolumeClaim").map((claim) => claimView(claim, pods)),
  };
}
