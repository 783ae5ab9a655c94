/** The editor proper: CodeMirror with YAML. A chunk of its own, loaded when the files are first opened. */
import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { Annotation, EditorState, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { choose, explain, type Knowledge } from "./manifests.ts";
import type { Problem } from "./wire/wire.ts";

export interface Surroundings extends Knowledge {
  label: string;
  /** CodeMirror's own words, by their English. */
  phrases: Record<string, string>;
  /** The text was changed here. */
  changed(text: string): void;
  problems(text: string): Promise<readonly Problem[]>;
}

const LINT_DELAY_MS = 350;
/** Changes that come from the file are not the learner's. */
const theirs = Annotation.define<boolean>();

const WORDS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent-strong)" },
  { tag: [tags.string, tags.content], color: "light-dark(#7a4a12, #e7bd85)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "light-dark(#6b2f8a, #d5aef0)" },
  { tag: tags.comment, color: "var(--ink-soft)", fontStyle: "italic" },
]);

function diagnostics(state: EditorState, problems: readonly Problem[]): Diagnostic[] {
  return problems.map(({ line, column, message }) => {
    const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
    const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
    return { from, to: at.to, severity: "error", message };
  });
}

export class Editor {
  readonly #view: EditorView;
  #isYaml = true;

  constructor(place: HTMLElement, around: Surroundings) {
    const check = linter(
      async (view) =>
        this.#isYaml ? diagnostics(view.state, await around.problems(view.state.doc.toString())) : [],
      {
        delay: LINT_DELAY_MS,
        // Whoever types or moves on wants to see the lines: what is wrong comes again under the pointer.
        hideOn: (change) => change.docChanged || change.selection !== undefined || null,
      },
    );
    this.#view = new EditorView({
      parent: place,
      state: EditorState.create({
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          indentUnit.of("  "),
          EditorState.tabSize.of(2),
          yaml(),
          syntaxHighlighting(WORDS),
          check,
          lintGutter(),
          autocompletion({
            override: [(context) => (this.#isYaml ? choose(around)(context) : null)],
            icons: false,
            maxRenderedOptions: 200,
          }),
          explain(around),
          EditorState.phrases.of(around.phrases),
          // Escape, then Tab, leaves the editor.
          keymap.of([
            { key: "Tab", run: acceptCompletion },
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
            indentWithTab,
          ]),
          EditorView.contentAttributes.of({ "aria-label": around.label, spellcheck: "false", tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            const own = update.transactions.some((each) => each.docChanged && !each.annotation(theirs));
            if (own) around.changed(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Shows another text; the cursor stays where it can. */
  show(text: string, isYaml: boolean): void {
    this.#isYaml = isYaml;
    const before = this.text;
    if (before === text) return;
    // Only what differs is replaced: the cursor stays at its words.
    const least = Math.min(before.length, text.length);
    let from = 0;
    while (from < least && before[from] === text[from]) from += 1;
    let rest = 0;
    while (rest < least - from && before.at(-1 - rest) === text.at(-1 - rest)) rest += 1;
    this.#view.dispatch({
      changes: { from, to: before.length - rest, insert: text.slice(from, text.length - rest) },
      annotations: [theirs.of(true), Transaction.addToHistory.of(false)],
    });
  }

  focus(): void {
    this.#view.focus();
  }

  destroy(): void {
    this.#view.destroy();
  }
}
