/**
 * What the server knows of manifests, at the cursor: choices while typing, and the meaning of a field under the pointer
 * or, by key, under the cursor. Part of the editor's chunk.
 */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { type EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from "@codemirror/view";
import type { Choice, ChoiceKind, Explanation } from "./wire/wire.ts";

export interface Knowledge {
  /** What may stand at a place; `from` and `column` count characters of the line. */
  choices(text: string, line: number, column: number): Promise<{ from: number; choices: Choice[] }>;
  explanation(text: string, line: number): Promise<Explanation | undefined>;
  /** Runs a command in the terminal, visibly. */
  run(command: string): void;
  words: { required: string; takes: string; run: (command: string) => string };
}

const ICONS: Record<ChoiceKind, string> = {
  field: "property",
  value: "enum",
  name: "variable",
  kind: "class",
};

/** Puts a choice in; where fields of its own belong below, they are offered at once. */
function put(choice: Choice) {
  return (view: EditorView, _: Completion, from: number, to: number) => {
    view.dispatch({
      changes: { from, to, insert: choice.insert },
      selection: { anchor: from + choice.insert.length },
      userEvent: "input.complete",
    });
    if (choice.insert !== choice.label) startCompletion(view);
  };
}

/** Choices after a letter of a name, after `name: `, and whenever they are asked for. */
export function choose(knowledge: Knowledge) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    if (!context.explicit && !/(?:\w|: )$/.test(before)) return null;
    const column = [...before].length;
    const { from, choices } = await knowledge.choices(context.state.doc.toString(), line.number, column);
    if (choices.length === 0) return null;
    return {
      from: line.from + [...before].slice(0, from).join("").length,
      validFor: /^[\w.-]*$/,
      options: choices.map((choice, index) => ({
        label: choice.label,
        type: ICONS[choice.kind],
        detail: choice.detail,
        ...(choice.about && { info: choice.about }),
        boost: 99 - Math.min(index, 198),
        apply: put(choice),
      })),
    };
  };
}

function drawn({ command, shape, required, about, values }: Explanation, knowledge: Knowledge): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-explanation";
  const head = box.appendChild(document.createElement("button"));
  head.type = "button";
  head.textContent = command;
  head.title = knowledge.words.run(command);
  head.addEventListener("click", () => knowledge.run(command));
  const type = box.appendChild(document.createElement("p"));
  type.className = "cm-explanation-type";
  type.append(`<${shape}>`, required ? ` ${knowledge.words.required}` : "");
  for (const part of about.split("\n\n")) box.appendChild(document.createElement("p")).textContent = part;
  if (values.length > 0) {
    const takes = box.appendChild(document.createElement("p"));
    takes.append(`${knowledge.words.takes} `);
    for (const value of values) takes.append(code(value), " ");
  }
  return box;
}

function code(text: string): HTMLElement {
  const made = document.createElement("code");
  made.textContent = text;
  return made;
}

async function tooltipAt(view: EditorView, pos: number, knowledge: Knowledge): Promise<Tooltip | null> {
  const line = view.state.doc.lineAt(pos);
  const found = await knowledge.explanation(view.state.doc.toString(), line.number);
  if (!found) return null;
  const start = line.from + line.text.search(/[^\s-]/);
  return { pos: start, above: false, create: () => ({ dom: drawn(found, knowledge) }) };
}

const show = StateEffect.define<Tooltip | null>();

/** The explanation that was asked for by key; any change of the text or the cursor closes it. */
const asked = StateField.define<Tooltip | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
    return transaction.docChanged || transaction.selection ? null : shown;
  },
  provide: (field) => showTooltip.from(field),
});

/** Explanations under the pointer, and by F1 under the cursor. */
export function explain(knowledge: Knowledge): Extension {
  return [
    asked,
    hoverTooltip(async (view, pos) => {
      const line = view.state.doc.lineAt(pos);
      // Over the name of a field; what is wrong with a value has its own words.
      const end = line.text.search(/:(?: |$)/);
      return end < 0 || pos > line.from + end ? null : tooltipAt(view, pos, knowledge);
    }),
    keymap.of([
      {
        key: "F1",
        run: (view) => {
          void tooltipAt(view, view.state.selection.main.head, knowledge).then((tooltip) =>
            view.dispatch({ effects: show.of(tooltip) }),
          );
          return true;
        },
      },
      {
        key: "Escape",
        run: (view) => {
          if (view.state.field(asked) === null) return false;
          view.dispatch({ effects: show.of(null) });
          return true;
        },
      },
    ]),
  ];
}
