/**
 * One file that is open in the editor and lives on the workstation: what was last known to be there, what stands in
 * the editor, and what to do when the two move apart. Pure; nothing that either side wrote is dropped without a word.
 */
import { diff3Merge } from "node-diff3";

export interface Draft {
  path: string;
  /** The file as it was last read or written. */
  there: string;
  /** The text in the editor. */
  here: string;
  /** The file was changed elsewhere while the editor had changes of its own: their text. */
  theirs: string | undefined;
}

export function opened(path: string, text: string): Draft {
  return { path, there: text, here: text, theirs: undefined };
}

export function typedIn(draft: Draft, here: string): Draft {
  return { ...draft, here };
}

/** Whether the editor's text has to be written. Never while it is open which of two texts holds. */
export function isUnsaved(draft: Draft): boolean {
  return draft.theirs === undefined && draft.here !== draft.there;
}

export function written(draft: Draft, text: string): Draft {
  return { ...draft, there: text };
}

/** The file was read anew. Changes of different lines go together; where both sides changed the same ones, somebody has to choose. */
export function heard(draft: Draft, text: string): Draft {
  if (text === draft.here) return { ...draft, there: text, theirs: undefined };
  if (text === draft.there) return draft;
  if (draft.here === draft.there) return opened(draft.path, text);
  const here = draft.theirs === undefined ? merged(draft, text) : undefined;
  return here === undefined ? { ...draft, theirs: text } : { ...draft, there: text, here };
}

/** The lines of both sides, where they can stand together. */
function merged({ here, there }: Draft, theirs: string): string | undefined {
  const parts = diff3Merge(here.split("\n"), there.split("\n"), theirs.split("\n"));
  const lines = parts.flatMap((part) => part.ok ?? []);
  return parts.some((part) => part.conflict) ? undefined : lines.join("\n");
}

/** Where the text goes that was not chosen: beside the file, under a name that no tool of Kubernetes reads. */
export function besides(draft: Draft, mine: boolean): { path: string; text: string } {
  const text = mine ? (draft.theirs ?? draft.there) : draft.here;
  return { path: `${draft.path}.${mine ? "terminal" : "editor"}`, text };
}

export function takeTheirs(draft: Draft): Draft {
  return opened(draft.path, draft.theirs ?? draft.there);
}

export function keepMine(draft: Draft): Draft {
  return { ...draft, there: draft.theirs ?? draft.there, theirs: undefined };
}
