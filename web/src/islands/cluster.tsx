/** The picture of the cluster: nodes with their room, pods where they run, and the same as a table. Moves when the cluster does. */
import { useComputed } from "@preact/signals";
import { Component } from "preact";
import { useEffect, useState } from "preact/hooks";
import pod from "../art/pod.svg?raw";
import {
  type ClaimView,
  type NodeView,
  type Picture,
  type PodView,
  picture,
  type Room,
  type ServiceView,
} from "../core/picture.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { Details } from "./details.tsx";
import { PaneMenu, PaneTabs } from "./dock.tsx";
import { IconButton } from "./icon.tsx";
import { useMotion } from "./motion.ts";

/** A container is a whale of its pod. */
function Whale() {
  return (
    <svg class="whale" viewBox="0 0 101 60" aria-hidden="true" focusable="false">
      <path
        fill="currentColor"
        fill-rule="evenodd"
        d="M4 38C4 21 18 9 38 9c20 0 30 12 37.5 18.5 4 3.3 8 2.8 9.3-1.2C80 23.5 77 19 77.5 11.5c6 .3 10.3 3.3 12.3 8 1.8-5 5-7.8 10.2-8.8 1.4 8-2 14.6-8.2 18.3C90.5 46 77 57.5 50 57.5 22 57.5 4 53.5 4 38ZM22 27a6 6 0 1 0 0 12 6 6 0 1 0 0-12Z"
      />
    </svg>
  );
}

/** Drawn again only when its pod is another view: of fifty pods, most stay as they are. */
class PodBox extends Component<{ pod: PodView; open: (id: string) => void }> {
  override shouldComponentUpdate(next: { pod: PodView }): boolean {
    return next.pod !== this.props.pod;
  }

  override render({ pod, open }: { pod: PodView; open: (id: string) => void }) {
    return (
      <li class="pod-box" data-pod={pod.id} data-health={pod.health}>
        <button type="button" class="object-name" onClick={() => open(pod.id)}>
          {pod.name}
        </button>
        <span class="pod-status">
          {pod.status}
          {pod.restarts > 0 && (
            <span class="pod-restarts">{say("pod-restarts", { count: pod.restarts })}</span>
          )}
        </span>
        <span class="pod-containers">
          {pod.containers.map((container) => (
            <span
              class="container-chip"
              key={container.name}
              data-health={container.health}
              title={`${container.name}: ${container.words}`}
            >
              <Whale />
              {container.name}
            </span>
          ))}
        </span>
        {pod.services.length > 0 && <span class="pod-services">{pod.services.join(", ")}</span>}
      </li>
    );
  }
}

function gib(bytes: number): string {
  const mebi = bytes / 2 ** 20;
  return mebi >= 1024 ? `${Math.round(mebi / 102.4) / 10} GiB` : `${Math.round(mebi)} MiB`;
}

function Meter({ room, words }: { room: Room; words: string }) {
  const share = room.all > 0 ? Math.min(1, room.used / room.all) : 0;
  return (
    <span class="meter" title={words}>
      <span class="sr">{words}</span>
      <span class="meter-line" aria-hidden="true">
        <span style={{ inlineSize: `${share * 100}%` }} />
      </span>
      <span class="meter-words" aria-hidden="true">
        {words}
      </span>
    </span>
  );
}

function NodeBox({ node, open }: { node: NodeView; open: (id: string) => void }) {
  const cores = (number: number) => String(Math.round(number * 100) / 100);
  return (
    <section class="node-box" data-ready={node.ready}>
      <header>
        <h3>
          <button type="button" class="object-name" onClick={() => open(node.id)}>
            {node.name}
          </button>
        </h3>
        <div class="node-state">
          <Meter
            room={node.cpu}
            words={say("room-cpu", { used: cores(node.cpu.used), all: cores(node.cpu.all) })}
          />
          <Meter
            room={node.memory_bytes}
            words={say("room-memory", { used: gib(node.memory_bytes.used), all: gib(node.memory_bytes.all) })}
          />
          {!node.ready && <span class="node-ill">{say("node-not-ready")}</span>}
          {node.cordoned && <span class="node-ill">{say("node-cordoned")}</span>}
        </div>
      </header>
      <ul class="pods">
        {node.pods.map((each) => (
          <PodBox key={each.id} pod={each} open={open} />
        ))}
      </ul>
    </section>
  );
}

function Drawing({ shown, open }: { shown: Picture; open: (id: string) => void }) {
  const box = useMotion();
  // Before anything was heard of the cluster it is not empty, but unknown.
  const empty =
    shown.nodes.length > 0 &&
    shown.unplaced.length === 0 &&
    shown.nodes.every((node) => node.pods.length === 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="drawing" ref={box} tabIndex={0} aria-label={say("picture-drawing")}>
      {shown.unplaced.length > 0 && (
        <section class="node-box unplaced">
          <header>
            <h3>{say("picture-unplaced")}</h3>
          </header>
          <ul class="pods">
            {shown.unplaced.map((each) => (
              <PodBox key={each.id} pod={each} open={open} />
            ))}
          </ul>
        </section>
      )}
      {shown.nodes.map((node) => (
        <NodeBox key={node.name} node={node} open={open} />
      ))}
      {shown.services.length > 0 && <Services services={shown.services} open={open} />}
      {shown.claims.length > 0 && <Claims claims={shown.claims} open={open} />}
      {empty && (
        <div class="drawing-empty">
          <div class="empty-art" dangerouslySetInnerHTML={{ __html: pod }} />
          <p>{say("picture-empty")}</p>
        </div>
      )}
    </section>
  );
}

function Services({ services, open }: { services: readonly ServiceView[]; open: (id: string) => void }) {
  return (
    <section class="shelf" aria-label={say("picture-services")}>
      <h3>{say("picture-services")}</h3>
      <ul class="shelf-things">
        {services.map((each) => (
          <li class="thing" key={each.id} data-health={each.health}>
            <button type="button" class="object-name" onClick={() => open(each.id)}>
              {each.name}
            </button>
            <span>{each.address}</span>
            <span class="thing-state">
              {say("service-reach", { count: each.reached, all: each.selected })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Claims({ claims, open }: { claims: readonly ClaimView[]; open: (id: string) => void }) {
  return (
    <section class="shelf" aria-label={say("picture-claims")}>
      <h3>{say("picture-claims")}</h3>
      <ul class="shelf-things">
        {claims.map((each) => (
          <li class="thing" key={each.id} data-health={each.health}>
            <button type="button" class="object-name" onClick={() => open(each.id)}>
              {each.name}
            </button>
            <span>
              {each.phase} {each.size}
            </span>
            {each.pods.length > 0 && <span class="thing-state">⇢ {each.pods.join(", ")}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const COLUMNS = ["pod", "ready", "status", "restarts", "node", "address", "services"];

function Table({ shown }: { shown: Picture }) {
  const pods = [...shown.unplaced, ...shown.nodes.flatMap((node) => node.pods)];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="drawing" tabIndex={0} aria-label={say("picture-table")}>
      <table class="pod-table">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th scope="col" key={column}>
                {say(`column-${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pods.map((each) => (
            <tr key={each.id}>
              <th scope="row">{each.name}</th>
              <td>{each.ready}</td>
              <td>{each.status}</td>
              <td>{each.restarts}</td>
              <td>{each.node ?? "–"}</td>
              <td>{each.ip || "–"}</td>
              <td>{each.services.join(", ") || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function ClusterPane({ desk }: { desk: Desk }) {
  const [table, setTable] = useState(false);
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const { session } = desk;
  useEffect(() => session.watchObjects(), [session]);
  const shown = useComputed(() => picture(session.objects.value)).value;
  const objects = session.objects.value;
  const object = opened && [...objects.values()].find((each) => each.metadata?.uid === opened);
  return (
    <section
      class="pane picture"
      id="picture"
      data-work="picture"
      data-dock={desk.layout.value.home.picture}
      aria-label={say("pane-picture")}
    >
      <div class="pane-bar">
        <PaneTabs desk={desk} pane="picture" />
        <div class="pane-tools">
          <IconButton
            icon="table"
            label={say(table ? "picture-drawing" : "picture-table")}
            pressed={table}
            onClick={() => setTable(!table)}
          />
          <PaneMenu desk={desk} pane="picture" />
        </div>
      </div>
      {object && (
        <Details
          session={desk.session}
          objects={objects}
          object={object}
          close={() => setOpened(undefined)}
        />
      )}
      {!object && table && <Table shown={shown} />}
      {!object && !table && <Drawing shown={shown} open={setOpened} />}
    </section>
  );
}
