/** A handler's error is the application's: it becomes an uncaught exception and the stack's loop goes on. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
