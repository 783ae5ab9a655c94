/**
 * One file that is open in the editor and lives on the workstation: what was last known to be there, what stands in
 * the editor, and what to do when the two move apart. Pure; nothing that either side wrote is dropped without a word.
 */
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

/** The file was read anew. */
export function heard(draft: Draft, text: string): Draft {
  if (text === draft.here) return { ...draft, there: text, theirs: undefined };
  if (text === draft.there) return draft;
  return draft.here === draft.there ? opened(draft.path, text) : { ...draft, theirs: text };
}

export function takeTheirs(draft: Draft): Draft {
  return opened(draft.path, draft.theirs ?? draft.there);
}

export function keepMine(draft: Draft): Draft {
  return { ...draft, there: draft.theirs ?? draft.there, theirs: undefined };
}
