/** Saving something as a file, as if its link had been clicked. */

/** Browsers may begin to read only after the click; by then they have. */
const FORGET_AFTER_MS = 10_000;

export function saveAs(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), FORGET_AFTER_MS);
}
