/** Time: a lane for each container, and, where the cluster is simulated, the buttons that make time fast, slow or still. */
import { useEffect, useState } from "preact/hooks";
import type { Findings } from "../core/findings.ts";
import { type Lane, passedRuns, type Span, stretch } from "../core/lanes.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import type { ClockCommand } from "../wire/wire.ts";
import { useFindings } from "./details.tsx";
import { PaneMenu, PaneTabs } from "./dock.tsx";
import { Empty } from "./empty.tsx";
import { Icon } from "./icon.tsx";

const DRAW_EVERY_MS = 250;
const TICKS_S = [10, 15, 20, 30, 60, 120];
const MOST_TICKS = 5;
/** How near to an end of the scale a time still has room, as a share of it. */
const TICK_ROOM = 0.09;
const SKIP_S = 60;
/** Nearer to now than this, there is nothing to rewind. */
const LEAST_BACK_MS = 1500;

function hands(at_ms: number): string {
  return new Date(at_ms).toISOString().slice(11, 19);
}

function Clock({ desk, now_ms }: { desk: Desk; now_ms: number }) {
  const state = desk.session.clock.value?.state;
  if (!state) return <p class="time-real">{say("time-real")}</p>;
  const set = (command: ClockCommand) => desk.session.setClock(command);
  const speed = (factor: number) => (
    <button
      type="button"
      class="time-button"
      aria-pressed={!state.paused && state.factor === factor}
      onClick={() => {
        set({ do: "speed", factor });
        if (state.paused) set({ do: "resume" });
      }}
    >
      {say("time-speed", { factor })}
    </button>
  );
  return (
    <div class="time-tools" role="toolbar" aria-label={say("time-tools")}>
      <button
        type="button"
        class="time-button"
        aria-pressed={state.paused}
        onClick={() => set({ do: state.paused ? "resume" : "pause" })}
      >
        <Icon name={state.paused ? "play" : "pause"} />
        {say(state.paused ? "time-resume" : "time-pause")}
      </button>
      {speed(1)}
      {speed(10)}
      <button
        type="button"
        class="time-button"
        title={say("time-step-more")}
        onClick={() => set({ do: "step" })}
      >
        <Icon name="step" />
        {say("time-step")}
      </button>
      <button type="button" class="time-button" onClick={() => set({ do: "skip", seconds: SKIP_S })}>
        <Icon name="skip" />
        {say("time-skip")}
      </button>
      <time class="time-now" dateTime={new Date(now_ms).toISOString()}>
        {hands(now_ms)}
      </time>
    </div>
  );
}

function Track({
  lane,
  findings,
  from_ms,
  to_ms,
  now_ms,
}: {
  lane: Lane;
  findings: Findings;
  from_ms: number;
  to_ms: number;
  now_ms: number;
}) {
  const x = (at_ms: number) =>
    ((Math.min(Math.max(at_ms, from_ms), to_ms) - from_ms) / (to_ms - from_ms)) * 100;
  const end = (span: Span) => span.to_ms ?? now_ms;
  const open = lane.spans.at(-1);
  const happened = [...passedRuns(lane, findings), ...lane.marks.values()];
  const marks = happened.filter((mark) => mark.at_ms >= from_ms);
  const words = say("lane-words", {
    pod: lane.pod,
    container: lane.container,
    state: open?.to_ms === undefined ? (open?.words ?? "") : say("lane-gone"),
    restarts: lane.restarts,
  });
  return (
    <div class="lane-track" role="img" aria-label={words}>
      {lane.spans
        .filter((span) => end(span) >= from_ms)
        .map((span) => (
          <span
            key={`${span.from_ms} ${span.phase}`}
            class="lane-span"
            data-phase={span.phase}
            title={`${span.words} · ${hands(span.from_ms)}`}
            style={{
              insetInlineStart: `${x(span.from_ms)}%`,
              inlineSize: `${x(end(span)) - x(span.from_ms)}%`,
            }}
          />
        ))}
      {marks.map((mark) => (
        <span
          key={`${mark.at_ms} ${mark.words}`}
          class="lane-mark"
          data-kind={mark.kind}
          title={`${hands(mark.at_ms)} ${mark.words}`}
          style={{ insetInlineStart: `${x(mark.at_ms)}%` }}
        />
      ))}
    </div>
  );
}

/** A time to go back to, chosen below the lanes; the cluster is made again as it was then. */
function Rewind(props: { desk: Desk; from_ms: number; to_ms: number; now_ms: number }) {
  const { desk, from_ms, to_ms, now_ms } = props;
  const [chosen_ms, choose] = useState<number | undefined>(undefined);
  const at_ms = Math.min(Math.max(chosen_ms ?? now_ms, from_ms), now_ms);
  const far = now_ms - at_ms > LEAST_BACK_MS;
  return (
    <div class="rewind">
      <button
        type="button"
        class="time-button"
        disabled={!far}
        title={say("time-rewind-more")}
        onClick={() => {
          desk.session.rewind(at_ms);
          choose(undefined);
        }}
      >
        <Icon name="rewind" />
        {far ? say("time-rewind-to", { time: hands(at_ms) }) : say("time-rewind")}
      </button>
      <input
        type="range"
        min={from_ms}
        max={to_ms}
        step={1000}
        value={at_ms}
        aria-label={say("time-rewind-choose")}
        aria-valuetext={hands(at_ms)}
        onInput={(event) => choose(Number(event.currentTarget.value))}
      />
    </div>
  );
}

function Lanes({ desk, now_ms }: { desk: Desk; now_ms: number }) {
  const lanes = desk.session.lanes.value;
  const findings = useFindings(desk.session);
  const { from_ms, to_ms } = stretch(lanes, now_ms);
  const shown = [...lanes.values()].filter((lane) => (lane.spans.at(-1)?.to_ms ?? now_ms) >= from_ms);
  if (shown.length === 0) return <Empty>{say("time-empty")}</Empty>;
  const every_s = TICKS_S.find((each) => (to_ms - from_ms) / 1000 / each <= MOST_TICKS) ?? 120;
  const first = Math.ceil(from_ms / 1000 / every_s) * every_s * 1000;
  const room_ms = (to_ms - from_ms) * TICK_ROOM;
  const ticks = Array.from({ length: MOST_TICKS + 1 }, (_, index) => first + index * every_s * 1000).filter(
    (at) => at > from_ms + room_ms && at < to_ms - room_ms,
  );
  const x = (at_ms: number) => `${((at_ms - from_ms) / (to_ms - from_ms)) * 100}%`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="lanes" tabIndex={0} aria-label={say("time-lanes")}>
      {shown.map((lane) => (
        <div class="lane" key={lane.id}>
          <span class="lane-name">
            <strong>{lane.pod}</strong>
            {lane.container !== lane.pod && <span> {lane.container}</span>}
            {lane.restarts > 0 && (
              <span class="lane-restarts"> {say("pod-restarts", { count: lane.restarts })}</span>
            )}
          </span>
          <Track lane={lane} findings={findings} from_ms={from_ms} to_ms={to_ms} now_ms={now_ms} />
        </div>
      ))}
      <div class="lane-scale" aria-hidden="true">
        {ticks.map((at) => (
          <span key={at} style={{ insetInlineStart: x(at) }}>
            {hands(at)}
          </span>
        ))}
        <i style={{ insetInlineStart: x(now_ms) }} />
      </div>
      {desk.session.rewinds.value && <Rewind desk={desk} from_ms={from_ms} to_ms={to_ms} now_ms={now_ms} />}
      <ul class="lane-legend">
        {(["waiting", "running", "ready", "backoff", "ended"] as const).map((phase) => (
          <li key={phase}>
            <span class="lane-span" data-phase={phase} />
            {say(`lane-${phase}`)}
          </li>
        ))}
        {(["started", "passed", "probe", "killing"] as const).map((kind) => (
          <li key={kind}>
            <span class="lane-mark" data-kind={kind} />
            {say(`mark-${kind}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function TimePane({ desk }: { desk: Desk }) {
  const { session } = desk;
  const [, draw] = useState(0);
  useEffect(() => session.watchObjects(), [session]);
  useEffect(() => {
    const timer = setInterval(() => draw((count) => count + 1), DRAW_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const now_ms = session.now();
  return (
    <section
      class="pane picture time"
      id="time"
      data-work="time"
      data-dock={desk.layout.value.home.time}
      aria-label={say("pane-time")}
    >
      <div class="pane-bar">
        <PaneTabs desk={desk} pane="time" />
        <div class="pane-tools">
          <PaneMenu desk={desk} pane="time" />
        </div>
      </div>
      <Clock desk={desk} now_ms={now_ms} />
      <Lanes desk={desk} now_ms={now_ms} />
    </section>
  );
}
