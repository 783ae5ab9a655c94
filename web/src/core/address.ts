/** The preview's address bar: shows a path as a learner knows it (`localhost:8080/healthy`), leads to the real origin. */
import type { Preview } from "../wire/wire.ts";

/** What stands in the address bar, for a path on the forwarded port. */
export function shownAs(preview: Preview, path: string): string {
  return `localhost:${preview.port}${path}`;
}

/** The path that was typed: `/healthy`, `healthy` and `http://localhost:8080/healthy` all mean the same. */
export function pathOf(typed: string): string {
  const path = typed
    .trim()
    .replace(/^https?:\/\//, "")
    .replace(/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(?=\/|\?|#|$)/, "");
  return path.startsWith("/") ? path : `/${path}`;
}

/** Where the frame must go. */
export function urlOf(preview: Preview, path: string): string {
  const url = new URL(preview.url);
  const relative = new URL(path, "http://host");
  url.pathname = url.pathname.replace(/\/$/, "") + relative.pathname;
  if (relative.search) url.search = relative.search;
  url.hash = relative.hash;
  return url.href;
}

/** The port that a link printed in the terminal leads to, when it leads to the workstation itself. */
export function localPort(link: string): { port: number; path: string } | undefined {
  const found = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(\/.*)?$/.exec(link);
  return found ? { port: Number(found[1] ?? 80), path: found[2] ?? "/" } : undefined;
}
