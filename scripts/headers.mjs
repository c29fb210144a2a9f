// Where the headers of this very Node are. Every distribution and nodejs.org's archives put them beside the executable.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The prefix whose include/node has them, or undefined. */
export function headersBesideNode() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}
