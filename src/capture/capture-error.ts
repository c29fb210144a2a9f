/** A capture file that cannot be read: what was expected, and where. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  readonly code = 'ERR_USERTCP_CAPTURE';
}
