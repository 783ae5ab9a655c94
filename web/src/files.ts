/** The files of the home on this page: which there are, which is open, and its way to the workstation and back. */
import { type Signal, signal } from "@preact/signals";
import {
  besides,
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
import { type Choice, type Explanation, MAX_FILE_BYTES, type Problem } from "./wire/wire.ts";

const SAVE_AFTER_MS = 400;
const HOME = "/home/learner/";

export class Files {
  readonly names: Signal<readonly string[]> = signal([]);
  readonly draft: Signal<Draft | undefined> = signal(undefined);
  readonly #session: Session;
  /** Texts that could not be written when another file was opened: they wait here, by path. */
  readonly #waiting = new Map<string, Draft>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;

  constructor(session: Session) {
    this.#session = session;
    session.onWelcome(() => {
      if (!this.#watching) return;
      this.#session.link.send({ type: "file.watch", path: "." });
      void this.#changed(this.draft.value?.path ?? "").then(() => this.save());
    });
    session.onFile = (path) => void this.#changed(path);
    addEventListener("pagehide", () => void this.save());
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
    const before = this.draft.value;
    if (before && before.path !== path && before.here !== before.there)
      this.#waiting.set(before.path, before);
    const text = await this.#read(path);
    if (text === undefined) return this.#session.notify("warning", say("file-not-text", { path }));
    const waited = this.#waiting.get(path);
    this.#waiting.delete(path);
    this.draft.value = waited ? heard(waited, text) : opened(path, text);
  }

  typed(text: string): void {
    if (!this.draft.value) return;
    this.draft.value = typedIn(this.draft.value, text);
    this.#saveSoon();
  }

  #saveSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Writes what has not been written; true when the file is as the editor shows it. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    const draft = this.draft.value;
    if (!draft) return false;
    if (!isUnsaved(draft)) return draft.theirs === undefined;
    const done = await this.#write(draft.path, draft.here, true);
    const now = this.draft.value;
    if (now?.path !== draft.path) return done;
    if (done) this.draft.value = written(now, draft.here);
    // It was written elsewhere in between: both texts are shown.
    else await this.#changed(draft.path);
    return done;
  }

  /** Writes a file whatever stands in it now. */
  async write(path: string, text: string): Promise<boolean> {
    return this.#write(path, text, false);
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

  /** What may stand at a place of a manifest; `from` and `column` count characters of the line. */
  async choices(text: string, line: number, column: number): Promise<{ from: number; choices: Choice[] }> {
    const answer = await this.#session.ask((request) => ({
      type: "file.complete",
      request,
      text,
      line,
      column,
    }));
    return answer?.type === "file.completed" ? answer : { from: column, choices: [] };
  }

  async explanation(text: string, line: number): Promise<Explanation | undefined> {
    const answer = await this.#session.ask((request) => ({ type: "file.explain", request, text, line }));
    return answer?.type === "file.explained" ? (answer.explanation ?? undefined) : undefined;
  }

  /** The two texts have moved apart: one of them holds from now on, the other is put beside it. */
  settle(mine: boolean): void {
    if (!this.draft.value) return;
    const { path, text } = besides(this.draft.value, mine);
    void this.write(path, text).then((kept) => {
      if (kept) this.#session.notify("info", say("file-besides", { path }));
    });
    this.draft.value = mine ? keepMine(this.draft.value) : takeTheirs(this.draft.value);
    void this.save();
  }

  async #write(path: string, text: string, unless_changed: boolean): Promise<boolean> {
    if (new TextEncoder().encode(text).length > MAX_FILE_BYTES) {
      this.#session.notify("warning", say("file-too-big", { path, size: MAX_FILE_BYTES / 1024 }));
      return false;
    }
    const answer = await this.#session.ask((request) => ({
      type: "file.write",
      request,
      path,
      text,
      unless_changed,
    }));
    return answer?.type === "file.written";
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
    // What is gone stays in the editor, to be written again or left.
    if (this.draft.value?.path !== name || !this.names.value.includes(name)) return;
    const text = await this.#read(name);
    if (text === undefined || this.draft.value?.path !== name) return;
    this.draft.value = heard(this.draft.value, text);
    if (isUnsaved(this.draft.value)) this.#saveSoon();
  }
}

export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}
