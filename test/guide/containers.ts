// What docs/guide/containers.md tells to type: the image, the command line of Docker, the manifest of Kubernetes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readPage, root } from './page.ts';

export interface ContainerOf {
  /** Added to none. */
  readonly capabilities: readonly string[];
  readonly dropped: readonly string[];
  readonly command: readonly string[];
}

interface Container {
  readonly command: readonly string[];
  readonly securityContext: { readonly capabilities: { readonly drop: string[]; readonly add: string[] } };
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
}

export interface ContainersPage {
  readonly dockerfile: string;
  readonly docker: ContainerOf;
  readonly pod: ContainerOf;
  /** That reserves ports from outside of the container. */
  readonly sysctl: { readonly name: string; readonly value: string };
  readonly manifest: { readonly containers: readonly Container[] };
}

export function containersPage(): ContainersPage {
  const blocks = readPage('containers.md');
  const one = (language: string): string => {
    const found = blocks.filter((block) => block.language === language);
    if (found.length !== 1) throw new Error(`containers.md has ${found.length} blocks of ${language}, not one`);
    return found[0]!.code;
  };
  const words = one('sh').replaceAll('\\\n', ' ').trim().split(/\s+/);
  const image = words.indexOf('my-image');
  const flags = (name: string): string[] =>
    words.slice(0, image).flatMap((word) => (word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : []));
  const manifest = parse(one('yaml')) as ContainersPage['manifest'];
  const { command, securityContext } = manifest.containers[0]!;
  const { drop, add } = securityContext.capabilities;
  const text = readFileSync(join(root, 'docs/guide/containers.md'), 'utf8');
  const [, name = '', value = ''] = /--sysctl ([\w.]+)=([\d,-]+)/.exec(text) ?? [];
  return {
    sysctl: { name, value },
    dockerfile: one('dockerfile'),
    docker: { capabilities: flags('cap-add'), dropped: flags('cap-drop'), command: words.slice(image + 1) },
    pod: { capabilities: add, dropped: drop, command },
    manifest,
  };
}
