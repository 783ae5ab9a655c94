/** The browser's storage, which may be closed (private windows, embeds): then nothing is remembered, and nothing breaks. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`podschool.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`podschool.${key}`);
    else localStorage.setItem(`podschool.${key}`, value);
  } catch {
    /* Nothing to do. */
  }
}
