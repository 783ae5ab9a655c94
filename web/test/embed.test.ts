/** The snippet of an embedded lesson is HTML whatever the lesson's title is. */
import { expect, test } from "vitest";
import { snippet } from "../src/core/embed.ts";

test("quotes and tags in a title stay in the attribute", () => {
  const html = snippet("https://learn.example/embed/first-pod?lang=en&x=1", 'A "pod" <b>&');
  expect(html).toContain('src="https://learn.example/embed/first-pod?lang=en&amp;x=1"');
  expect(html).toContain('title="A &quot;pod&quot; &lt;b>&amp;"');
  expect(html).not.toContain("allow-top-navigation");
});
