// Our stack from dist/ (or from the build that USERTCP_DIST names): Node 20 does not run TypeScript.
import { pathToFileURL } from 'node:url';

const { USERTCP_DIST } = process.env;
const dist = USERTCP_DIST ? pathToFileURL(`${USERTCP_DIST}/`) : new URL('../../../dist/', import.meta.url);

/** A module of the build, such as 'index.js'. */
export const built = (module) => import(new URL(module, dist));

export async function openStack(options) {
  const { createStack } = await built('index.js');
  return createStack(options);
}
