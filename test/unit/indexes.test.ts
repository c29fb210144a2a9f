import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test.each(['docs/guide', 'docs/adr'])('the first page of %s leads to all of the others', (folder) => {
  const index = readFileSync(`${folder}/README.md`, 'utf8');
  const linked = [...index.matchAll(/\]\(([^)/]+\.md)\)/g)].map(([, page]) => page).sort();
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(linked).toEqual(pages.sort());
});
