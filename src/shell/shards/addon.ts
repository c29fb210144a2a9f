/** What shards ask of the addon. Links are no business of the shell: who sees both lends it. */
export interface ShardAddon {
  /** Closes descriptors of the sockets in the groups; -1 stands in their place. */
  closeSockets(sockets: Int32Array): void;
  /** When this thread's environment ends and the word is `holder` then, it becomes -1. */
  watchLock(words: Int32Array, at: number, holder: number): void;
}

let load: () => ShardAddon | undefined = () => undefined;

export function lendAddon(loader: () => ShardAddon): void {
  load = loader;
}

/** undefined where there is none: no device can be opened then. */
export function shardAddon(): ShardAddon | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}
