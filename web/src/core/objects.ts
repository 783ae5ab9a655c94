/** The few fields of Kubernetes objects that the picture reads. Everything may be missing: a cluster owes us nothing. */
import type { ObjectChange } from "../wire/wire.ts";

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    reason?: string;
    exitCode?: number;
    signal?: number;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface KubeObject {
  kind?: string;
  metadata?: {
    name?: string;
    namespace?: string;
    uid?: string;
    deletionTimestamp?: string;
    creationTimestamp?: string;
    labels?: Record<string, string>;
  };
  spec?: {
    nodeName?: string;
    restartPolicy?: string;
    containers?: { name: string; image?: string; resources?: { requests?: Record<string, string> } }[];
    initContainers?: { name: string; restartPolicy?: string }[];
    selector?: Record<string, string>;
    type?: string;
    unschedulable?: boolean;
    volumeName?: string;
    storageClassName?: string;
    clusterIP?: string;
    ports?: { port?: number; targetPort?: number | string; protocol?: string }[];
    resources?: { requests?: Record<string, string> };
    volumes?: {
      name: string;
      persistentVolumeClaim?: { claimName?: string };
      configMap?: { name?: string; optional?: boolean };
    }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    podIP?: string;
    capacity?: Record<string, string>;
    allocatable?: Record<string, string>;
    conditions?: { type: string; status: string; message?: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
  /** Of endpoints. */
  subsets?: { addresses?: { ip?: string }[]; notReadyAddresses?: { ip?: string }[] }[];
  /** From here on: of events. */
  involvedObject?: { kind?: string; name?: string; uid?: string; fieldPath?: string };
  reason?: string;
  message?: string;
  type?: string;
  count?: number;
  series?: { count?: number };
  lastTimestamp?: string;
  eventTime?: string;
}

/** Objects by kind and uid, in the order in which they came. */
export type Objects = ReadonlyMap<string, KubeObject>;

/** The kind of an object; where it does not say it, these three are told by what they alone have. */
export function kindOf(object: KubeObject): string {
  if (object.kind) return object.kind;
  if (object.involvedObject) return "Event";
  if (object.spec?.containers) return "Pod";
  if (object.status?.capacity) return "Node";
  return object.spec?.type ? "Service" : "";
}

function key(object: KubeObject): string {
  const { uid, namespace, name } = object.metadata ?? {};
  return `${kindOf(object)}/${uid ?? `${namespace ?? ""}/${name}`}`;
}

/** What is known after these changes. */
export function fold(known: Objects, reset: boolean, changes: readonly ObjectChange[]): Objects {
  const next = new Map(reset ? [] : known);
  for (const change of changes) {
    const object = change.object as KubeObject;
    if (change.op === "deleted") next.delete(key(object));
    else next.set(key(object), object);
  }
  return next;
}

export function ofKind(objects: Objects, kind: string): KubeObject[] {
  return [...objects.values()].filter((object) => kindOf(object) === kind);
}

const UNITS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity (`500m`, `64Mi`, `2`) as a number; 0 for what is not one. */
export function quantity(text: string | undefined): number {
  const found = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text ?? "");
  return found ? Number(found[1]) * (UNITS[found[2] ?? ""] ?? 0) : 0;
}
