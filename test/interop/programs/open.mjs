// Our stack from dist/ (or from the build that USERTCP_DIST names): Node 20 does not run TypeScript.
import { pathToFileURL } from 'node:url';

const dist = process.env.USERTCP_DIST ? pathToFileURL(`${process.env.USERTCP_DIST}/`) : new URL('../../../dist/', import.meta.url);

export async function openStack({ device, ...options }) {
  const { createStack } = await import(new URL('index.js', dist));
  const { openAfPacket } = await import(new URL('link/afpacket.js', dist));
  return createStack({ link: openAfPacket({ device }), ...options });
}
