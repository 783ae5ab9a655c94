/**
 * The session as the page knows it: signals that the islands draw, verbs that they call. It turns frames into state
 * and keeps nothing that the server does not know; after a loss `welcome` says everything again.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals-core";
import type {
  Answer,
  Backend,
  ClientFrame,
  ClockCommand,
  Fault,
  Level,
  ObjectChange,
  Preview,
  ServerFrame,
  SessionState,
  StepState,
} from "../wire/wire.ts";
import { type Findings, foldFindings, NOTHING_FOUND } from "./findings.ts";
import { foldLanes, type Lanes } from "./lanes.ts";
import type { Link } from "./link.ts";
import { fold, type Objects } from "./objects.ts";
import type { Stream } from "./stream.ts";
import { nowOf, type Reckoning } from "./time.ts";

/** Something to read for a moment. */
export interface Notice {
  id: number;
  level: Level;
  text: string;
}

/** What the learner has asked for and got in one step. */
export interface Help {
  reasons: readonly string[] | undefined;
  hints: readonly string[];
  solution: readonly string[] | undefined;
}

/** Question → what the server said to the answer. */
export type Answered = Readonly<
  Record<string, { right: boolean | null; message: string | null; said: string | null }>
>;

const NO_HELP: Help = { reasons: undefined, hints: [], solution: undefined };

export class Session {
  readonly state = signal<SessionState>("starting");
  readonly backend = signal<Backend>("sim");
  readonly steps = signal<readonly StepState[]>([]);
  readonly previews = signal<readonly Preview[]>([]);
  /** The forwarded port that was last asked to be shown; each new object shows it again. */
  readonly shown = signal<{ port: number } | undefined>(undefined);
  /** Numbers of the terminals, in the order of their tabs. The first is there before the server is: its screen takes time to be made. */
  readonly terminals = signal<readonly number[]>([1]);
  /** The server has greeted this page. */
  readonly met = signal(false);
  readonly notices = signal<readonly Notice[]>([]);
  readonly answered = signal<Answered>({});
  /** What the picture shows; empty until `watchObjects`. */
  readonly objects = signal<Objects>(new Map());
  /** A lane of time for each container; empty until `watchObjects`. */
  readonly lanes = signal<Lanes>(new Map());
  /** What the simulated cluster found out; empty until `look`. */
  readonly findings = signal<Findings>(NOTHING_FOUND);
  /** The cluster can be taken back in time. */
  readonly rewinds = signal(false);
  /** The simulated cluster's clock; a real one has none to show. */
  readonly clock = signal<Reckoning | undefined>(undefined);
  /** What was done to the machines and stands; empty until `watchFaults`. */
  readonly faults = signal<readonly Fault[]>([]);
  readonly help = signal<Readonly<Record<string, Help>>>({});
  /** A watched file changed. */
  onFile: (path: string) => void = () => {};
  /** The lesson was changed by its author: the page is to be loaded again. */
  onLesson: () => void = () => {};
  /** Steps that were ticked while the page looked on, newest last. */
  onTick: (step: StepState) => void = () => {};

  readonly link: Link;
  /** Changes of objects that are not drawn yet: all that come within a frame are one change of the picture. */
  #changes: ObjectChange[] = [];
  #reset = false;
  readonly #soon: (then: () => void) => void;
  readonly #streams = new Map<number, Stream>();
  readonly #ended = signal<ReadonlySet<number>>(new Set());
  readonly #openers = new Map<number, () => void>();
  readonly #waiting = new Map<number, (frame: ServerFrame | undefined) => void>();
  readonly #welcomes: (() => void)[] = [];
  #requests = 0;
  #noticeCount = 0;
  #watching = false;
  #looking = false;

  /** `soon` runs its argument when the page is drawn next. */
  constructor(link: Link, steps: readonly StepState[], soon: (then: () => void) => void = (then) => then()) {
    this.link = link;
    this.#soon = soon;
    this.steps.value = steps;
    link.onFrame = (frame) => this.#take(frame);
    link.onBytes = ({ terminal, payload }) => this.#streams.get(terminal)?.output(payload);
  }

  /** Terminals whose shell ended and whose last screen is still looked at. */
  get ended(): ReadonlySignal<ReadonlySet<number>> {
    return this.#ended;
  }

  /** A screen for terminal `stream.id` is ready; `opened` says its size whenever the terminal must be (re)attached. */
  attach(stream: Stream): void {
    this.#streams.set(stream.id, stream);
  }

  detach(id: number): void {
    this.#streams.delete(id);
  }

  /** The first open step: what to do next. */
  next(): StepState | undefined {
    return this.steps.value.find((step) => step.status !== "done");
  }

  addTerminal(most: number): number | undefined {
    const taken = this.terminals.value;
    if (taken.length >= most) return undefined;
    let id = 1;
    while (taken.includes(id)) id += 1;
    this.terminals.value = [...taken, id];
    return id;
  }

  closeTerminal(id: number): void {
    this.link.send({ type: "term.close", id });
    this.#forget(id);
  }

  check(step: string): void {
    this.link.send({ type: "step.check", step });
  }

  hint(step: string): void {
    this.link.send({ type: "step.hint", step, index: this.helpOf(step).hints.length });
  }

  solution(step: string): void {
    this.link.send({ type: "step.solution", step });
  }

  answer(step: string, question: string, answer: Answer): boolean {
    return this.link.send({ type: "step.answer", step, question, answer });
  }

  restart(): void {
    this.link.send({ type: "session.restart" });
  }

  /** The cluster again as it was at this time of its clock; what the learner has stays. */
  rewind(at_ms: number): void {
    this.link.send({ type: "session.rewind", at: new Date(at_ms).toISOString() });
  }

  /** From now on `objects` follows the cluster. */
  watchObjects(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.link.send({ type: "objects.watch" });
  }

  /** From now on `faults` says what stands. */
  watchFaults(): void {
    const ask = () => void this.ask((request) => ({ type: "faults", request }));
    this.onWelcome(ask);
    ask();
  }

  /** Does something to the machines; what the server refuses, it says. */
  async setFault(fault: Fault): Promise<void> {
    await this.ask((request) => ({ type: "fault", request, fault }));
  }

  /** Asks for what was found out since. A real cluster has nothing to tell and is not asked. */
  async look(): Promise<void> {
    if (this.#looking || this.backend.peek() === "real" || !this.met.peek()) return;
    this.#looking = true;
    for (;;) {
      const before = this.findings.peek();
      const answer = await this.ask((request) => ({ type: "findings", request, after: before.last }));
      // A cluster that was made anew meanwhile numbers its findings from one.
      const isOld = before !== this.findings.peek();
      if (answer?.type !== "findings" || answer.findings.length === 0 || isOld) break;
      this.findings.value = foldFindings(before, answer.findings);
    }
    this.#looking = false;
  }

  /** Asks something that has one answer; `undefined` when there is none (refused, or the connection was lost). */
  ask(make: (request: number) => ClientFrame): Promise<ServerFrame | undefined> {
    this.#requests += 1;
    const request = this.#requests;
    return new Promise((resolve) => {
      if (this.link.send(make(request))) this.#waiting.set(request, resolve);
      else resolve(undefined);
    });
  }

  /** Called after every `welcome`. */
  onWelcome(then: () => void): void {
    this.#welcomes.push(then);
  }

  /** A new cluster in which this step is the first open one. */
  jump(step: string): void {
    this.link.send({ type: "step.jump", step });
  }

  #answer(request: number, frame: ServerFrame): void {
    this.#waiting.get(request)?.(frame);
    this.#waiting.delete(request);
  }

  setClock(command: ClockCommand): void {
    this.link.send({ type: "clock", command });
  }

  /** The cluster's time, in milliseconds since 1970. */
  now(): number {
    return nowOf(this.clock.peek(), Date.now());
  }

  helpOf(step: string): Help {
    return this.help.value[step] ?? NO_HELP;
  }

  notify(level: Level, text: string): void {
    this.#noticeCount += 1;
    this.notices.value = [...this.notices.value, { id: this.#noticeCount, level, text }].slice(-3);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }

  #take(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        return;
      case "session":
        this.state.value = frame.state;
        if (frame.message) this.notify(frame.state === "ready" ? "info" : "warning", frame.message);
        return;
      case "term.opened":
        if (frame.created) this.#ended.value = without(this.#ended.value, frame.id);
        this.#streams.get(frame.id)?.opened(frame);
        return;
      case "term.missed":
        this.#streams.get(frame.id)?.missed(frame);
        return;
      case "term.accepted":
        this.#streams.get(frame.id)?.accepted(frame.accepted);
        return;
      case "term.closed":
        if (this.terminals.value.length > 1) this.#forget(frame.id);
        else if (this.terminals.value.includes(frame.id))
          this.#ended.value = new Set([...this.#ended.value, frame.id]);
        return;
      case "preview":
        this.previews.value = [
          ...this.previews.value.filter((p) => p.port !== frame.preview.port),
          frame.preview,
        ];
        if (frame.open) this.shown.value = { port: frame.preview.port };
        return;
      case "preview.closed":
        this.previews.value = this.previews.value.filter((p) => p.port !== frame.port);
        return;
      case "objects":
        this.#gather(frame.reset, frame.changes);
        return;
      case "clock":
        this.clock.value = { state: frame.clock, heard_ms: Date.now() };
        return;
      case "faults":
        this.faults.value = frame.faults;
        if (frame.request !== null) this.#answer(frame.request, frame);
        return;
      case "lesson.changed":
        this.onLesson();
        return;
      case "notice":
        this.notify(frame.level, frame.text);
        return;
      case "file":
      case "file.written":
      case "file.list":
      case "file.checked":
      case "file.completed":
      case "file.explained":
      case "findings":
        this.#answer(frame.request, frame);
        return;
      case "file.changed":
        this.onFile(frame.path);
        return;
      case "error":
        if (frame.request !== null) this.#answer(frame.request, frame);
        // The editor shows both texts and asks which holds.
        if (frame.code !== "file-apart") this.notify("warning", frame.message);
        return;
      default:
        this.#takeStep(frame);
        return;
    }
  }

  #gather(reset: boolean, changes: readonly ObjectChange[]): void {
    const waits = this.#reset || this.#changes.length > 0;
    if (reset) this.#changes = [];
    this.#reset ||= reset;
    this.#changes.push(...changes);
    if (waits) return;
    this.#soon(() => {
      const [reset, changes] = [this.#reset, this.#changes];
      this.#reset = false;
      this.#changes = [];
      batch(() => {
        this.objects.value = fold(this.objects.value, reset, changes);
        this.lanes.value = foldLanes(this.lanes.value, reset, changes, this.now());
      });
    });
  }

  #takeStep(frame: ServerFrame): void {
    switch (frame.type) {
      case "steps":
        this.#merge(frame.steps);
        return;
      case "step.reason":
        this.#learn(frame.step, { reasons: frame.reasons });
        return;
      case "step.hint":
        if (frame.html === null || frame.index !== this.helpOf(frame.step).hints.length) return;
        this.#learn(frame.step, { hints: [...this.helpOf(frame.step).hints, frame.html] });
        return;
      case "step.solution":
        this.#learn(frame.step, { solution: frame.commands });
        return;
      case "step.answered":
        this.answered.value = {
          ...this.answered.value,
          [frame.question]: { right: frame.right, message: frame.message, said: frame.said },
        };
        return;
    }
  }

  #welcome(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    const first = !this.met.value;
    const restarted = !first && frame.terminals.length === 0;
    this.met.value = true;
    // Answers of the connection before will not come any more.
    for (const answer of this.#waiting.values()) answer(undefined);
    this.#waiting.clear();
    this.state.value = frame.state;
    this.backend.value = frame.backend;
    this.previews.value = frame.previews;
    this.clock.value = frame.clock ? { state: frame.clock, heard_ms: Date.now() } : undefined;
    this.rewinds.value = frame.rewinds;
    this.findings.value = NOTHING_FOUND;
    if (restarted) {
      this.help.value = {};
      this.answered.value = {};
    }
    this.#ended.value = new Set();
    if (this.#watching) this.link.send({ type: "objects.watch" });
    this.#merge(frame.steps);
    const known = frame.terminals.map((terminal) => terminal.id).sort((a, b) => a - b);
    const kept =
      restarted || first
        ? []
        : this.terminals.value.filter((id) => !known.includes(id) && this.#streams.has(id));
    this.terminals.value = known.length + kept.length > 0 ? [...known, ...kept].sort((a, b) => a - b) : [1];
    for (const open of this.#openers.values()) open();
    for (const then of this.#welcomes) then();
  }

  /** After each `welcome` every screen opens its terminal again; the answer stops that. */
  onReattach(id: number, open: () => void): () => void {
    this.#openers.set(id, open);
    return () => this.#openers.delete(id);
  }

  /** A new shell in a terminal whose shell ended. */
  reopen(id: number): void {
    if (!this.#ended.value.has(id)) return;
    this.#ended.value = without(this.#ended.value, id);
    for (const open of this.#openers.values()) open();
  }

  #merge(changed: readonly StepState[]): void {
    const before = this.steps.value;
    const after = before.map((step) => changed.find((c) => c.id === step.id) ?? step);
    this.steps.value = after;
    for (const step of changed) {
      const old = before.find((b) => b.id === step.id);
      if (old && old.status !== "done" && step.status === "done") this.onTick(step);
      if (old && old.status !== step.status) this.#learn(step.id, { reasons: undefined });
    }
  }

  #learn(step: string, more: Partial<Help>): void {
    this.help.value = { ...this.help.value, [step]: { ...this.helpOf(step), ...more } };
  }

  #forget(id: number): void {
    this.terminals.value = this.terminals.value.filter((other) => other !== id);
    this.#ended.value = without(this.#ended.value, id);
  }
}

function without(set: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const rest = new Set(set);
  rest.delete(id);
  return rest;
}
