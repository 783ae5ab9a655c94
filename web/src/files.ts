/** The files of the home on this page: which there are, which is open, and its way to the workstation and back. */
import { type Signal, signal } from "@preact/signals";
import {
  type Draft,
  heard,
  isUnsaved,
  keepMine,
  opened,
  takeTheirs,
  typedIn,
  written,
} from "./core/draft.ts";
import type { Session } from "./core/session.ts";
import { say } from "./page.ts";
import type { Problem } from "./wire/wire.ts";

const SAVE_AFTER_MS = 400;
const HOME = "/home/learner/";

export class Files {
  readonly names: Signal<readonly string[]> = signal([]);
  readonly draft: Signal<Draft | undefined> = signal(undefined);
  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;

  constructor(session: Session) {
    this.#session = session;
    session.onWelcome(() => {
      if (!this.#watching) return;
      this.#session.link.send({ type: "file.watch", path: "." });
      void this.#look();
    });
    session.onFile = (path) => void this.#changed(path);
  }

  /** Begins to follow the home. */
  async follow(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    this.#session.link.send({ type: "file.watch", path: "." });
    await this.#look();
    const first = this.names.value.find((name) => isYaml(name)) ?? this.names.value[0];
    if (first && !this.draft.value) await this.open(first);
  }

  async open(path: string): Promise<void> {
    await this.save();
    const text = await this.#read(path);
    if (text === undefined) return this.#session.notify("warning", say("file-not-text", { path }));
    this.draft.value = opened(path, text);
  }

  typed(text: string): void {
    if (!this.draft.value) return;
    this.draft.value = typedIn(this.draft.value, text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Writes what has not been written; true when the file is as the editor shows it. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    const draft = this.draft.value;
    if (!draft) return false;
    if (!isUnsaved(draft)) return draft.theirs === undefined;
    const done = await this.write(draft.path, draft.here);
    const now = this.draft.value;
    if (done && now?.path === draft.path) this.draft.value = written(now, draft.here);
    return done;
  }

  async write(path: string, text: string): Promise<boolean> {
    const answer = await this.#session.ask((request) => ({ type: "file.write", request, path, text }));
    return answer?.type === "file.written";
  }

  /** Whether a file of this name lies in the home itself. */
  async has(name: string): Promise<boolean> {
    const answer = await this.#session.ask((request) => ({ type: "file.list", request, path: "." }));
    return answer?.type === "file.list" && answer.entries.some((entry) => entry.name === name);
  }

  async problems(text: string): Promise<readonly Problem[]> {
    const answer = await this.#session.ask((request) => ({ type: "file.check", request, text }));
    return answer?.type === "file.checked" ? answer.problems : [];
  }

  /** The two texts have moved apart: one of them holds from now on. */
  settle(mine: boolean): void {
    if (!this.draft.value) return;
    this.draft.value = mine ? keepMine(this.draft.value) : takeTheirs(this.draft.value);
    void this.save();
  }

  async #look(): Promise<void> {
    const answer = await this.#session.ask((request) => ({ type: "file.list", request, path: "." }));
    if (answer?.type !== "file.list") return;
    this.names.value = answer.entries
      .filter((entry) => !entry.directory && !entry.name.startsWith("."))
      .map((entry) => entry.name);
  }

  async #read(path: string): Promise<string | undefined> {
    const answer = await this.#session.ask((request) => ({ type: "file.read", request, path }));
    return answer?.type === "file" ? (answer.text ?? undefined) : undefined;
  }

  async #changed(path: string): Promise<void> {
    await this.#look();
    const plain = path.replace("/./", "/");
    const name = plain.startsWith(HOME) ? plain.slice(HOME.length) : plain;
    if (this.draft.value?.path !== name) return;
    const text = await this.#read(name);
    if (text !== undefined && this.draft.value?.path === name)
      this.draft.value = heard(this.draft.value, text);
  }
}

export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}
