/**
 * Questions of the text become forms: the answer goes to the server, its word comes back below. Their words stand in the lesson.
 * A prediction is one too, where the cluster can be run ahead to see what comes of it.
 */
import { effect } from "@preact/signals";
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import type { Answer } from "../wire/wire.ts";

function read(form: HTMLFormElement): Answer | undefined {
  const value = new FormData(form).get("answer");
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const text = value.trim();
  return form.dataset.kind !== "choice" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function choice(option: HTMLLIElement): HTMLLabelElement {
  const label = document.createElement("label");
  const radio = document.createElement("input");
  radio.type = "radio";
  radio.name = "answer";
  radio.value = option.dataset.option ?? "";
  // The letter is what a reason names, and what a class says aloud.
  const letter = document.createElement("b");
  letter.textContent = radio.value.toUpperCase();
  const words = document.createElement("span");
  words.append(...option.childNodes);
  label.append(radio, letter, words);
  return label;
}

/** The form that stands in place of a drawn question. */
function form(question: HTMLElement): { form: HTMLFormElement; said: HTMLOutputElement } {
  const form = document.createElement("form");
  form.className = question.className;
  form.dataset.kind = question.dataset.kind ?? "answer";
  form.dataset.question = question.dataset.question ?? "";
  const group = form.appendChild(document.createElement("fieldset"));
  const ask = group.appendChild(document.createElement("legend"));
  const options = question.querySelector<HTMLElement>(".options");
  options?.remove();
  const predicts = question.dataset.kind === "predict";
  if (predicts) {
    const ahead = ask.appendChild(document.createElement("small"));
    ahead.textContent = say("prediction");
  }
  ask.append(...question.childNodes);
  if (options) group.append(...[...options.querySelectorAll("li")].map(choice));
  const row = group.appendChild(document.createElement("div"));
  row.className = "answer-row";
  if (!options) {
    const field = row.appendChild(document.createElement("input"));
    field.type = "text";
    field.name = "answer";
    field.autocomplete = "off";
    field.setAttribute("aria-label", ask.textContent?.trim() ?? "");
  }
  const button = row.appendChild(document.createElement("button"));
  button.type = "submit";
  button.textContent = say(predicts ? "look-ahead" : "answer");
  const said = form.appendChild(document.createElement("output"));
  said.setAttribute("aria-live", "polite");
  return { form, said };
}

export function dressQuestions(root: ParentNode, session: Session): void {
  for (const drawn of root.querySelectorAll<HTMLElement>(".question[data-question]")) {
    const question = drawn.dataset.question ?? "";
    const predicts = drawn.dataset.kind === "predict";
    const step = drawn.closest<HTMLElement>("[data-step]")?.dataset.step ?? "";
    const made = form(drawn);
    drawn.replaceWith(made.form);
    made.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = read(made.form);
      if (answer === undefined) return;
      session.answer(step, question, answer);
      if (!predicts) session.check(step);
    });
    effect(() => {
      // Only a simulated cluster can be run ahead.
      made.form.hidden = predicts && session.backend.value !== "sim";
    });
    effect(() => {
      const word = session.answered.value[question];
      made.said.dataset.right = String(word?.right ?? "");
      const plain = word?.right === null ? "answer-kept" : word?.right ? "answer-right" : "answer-wrong";
      made.said.textContent = word ? (word.message ?? say(plain)) : "";
      const field = made.form.querySelector<HTMLInputElement>('input[type="text"]');
      if (field?.value === "" && word?.said) field.value = word.said;
    });
  }
}

/** Hints and solutions that stand in the text get words. Hints wait until they are asked for, one at a time. */
export function dressHelp(section: HTMLElement): void {
  hintsIn(section).forEach((hint, index) => {
    name(hint, say("hint-number", { number: index + 1 }));
    hint.hidden = true;
  });
  for (const solution of section.querySelectorAll<HTMLDetailsElement>("details.solution")) {
    name(solution, say("solution"));
  }
  for (const deeper of section.querySelectorAll<HTMLDetailsElement>("details.deeper"))
    name(deeper, say("deeper"));
}

export function hintsIn(section: ParentNode): readonly HTMLDetailsElement[] {
  return [...section.querySelectorAll<HTMLDetailsElement>("details.hint")];
}

/** Shows the next hint that was not shown yet, opened and with the focus, so that it is read. */
export function nextHint(section: ParentNode): void {
  const hint = hintsIn(section).find((each) => each.hidden);
  if (!hint) return;
  hint.hidden = false;
  hint.open = true;
  hint.querySelector("summary")?.focus();
}

function name(details: HTMLDetailsElement, words: string): void {
  const summary = details.querySelector("summary");
  if (summary && summary.textContent === "") summary.textContent = words;
}
