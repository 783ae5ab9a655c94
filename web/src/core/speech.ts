/** The interface's words: the page's Fluent source, read once. A missing message shows its own name, never nothing. */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";

export type Say = (id: string, values?: Record<string, FluentVariable>) => string;

export function speech(language: string, source: string): Say {
  const bundle = new FluentBundle(language, { useIsolating: false });
  bundle.addResource(new FluentResource(source));
  return (id, values) => {
    const message = bundle.getMessage(id);
    return message?.value ? bundle.formatPattern(message.value, values ?? null, []) : id;
  };
}
