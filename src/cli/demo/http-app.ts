/** The HTTP application of the demo; it does not know whose TCP it runs on. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { payload } from './payload.ts';

/** GET /bytes/N sends N bytes of the payload; PUT answers with the SHA-256 of what came. `moved` hears of each piece. */
export function httpApp(moved: (bytes: number) => void = () => {}): RequestListener {
  return (request, response) => {
    const wanted = /^\/bytes\/(\d+)$/.exec(request.url ?? '')?.[1];
    if (request.method === 'GET' && wanted !== undefined) return send(response, Number(wanted), moved);
    if (request.method === 'PUT') return receive(request, response, moved);
    response.writeHead(404).end();
  };
}

function send(response: ServerResponse, bytes: number, moved: (bytes: number) => void): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  const pieces = payload(bytes);
  const more = (): void => {
    for (let next = pieces.next(); !next.done; next = pieces.next()) {
      moved(next.value.length);
      if (!response.write(next.value)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

function receive(request: IncomingMessage, response: ServerResponse, moved: (bytes: number) => void): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    moved(chunk.length);
  });
  request.on('end', () => response.end(`${hash.digest('hex')}\n`));
}
