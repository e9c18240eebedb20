export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 501 | 502 | 503 | 504

/** A failure that a client is told about. `http/error-envelope` is the only place that turns it into an answer. */
export class AppError extends Error {
  override name = 'AppError'
  readonly status: ErrorStatus
  readonly code: string
  readonly headers: Record<string, string>
  /** Sent as `detail` instead of the message, where a contract wants an object. */
  readonly detail: object | undefined
  /** For the log only, never for the wire. */
  readonly context: Record<string, unknown> | undefined

  constructor(
    kind: { status: ErrorStatus; code: string; message: string },
    options: {
      context?: Record<string, unknown>
      cause?: unknown
      headers?: Record<string, string>
      detail?: object
    } = {},
  ) {
    super(kind.message, { cause: options.cause })
    this.status = kind.status
    this.code = kind.code
    this.headers = options.headers ?? {}
    this.detail = options.detail
    this.context = options.context
  }
}

export interface ErrorKind {
  (context?: Record<string, unknown>): AppError
  readonly status: ErrorStatus
  readonly code: string
  readonly message: string
}

/** Declares one kind of failure. The message goes to the client as `detail`; `context` only to the log. */
export const defineError = (status: ErrorStatus, code: string, message: string): ErrorKind => {
  const kind = { status, code, message }
  return Object.assign((context?: Record<string, unknown>) => new AppError(kind, context ? { context } : {}), kind)
}

/** As `defineError`, for a message that names what the client sent or must send. */
export const defineErrorWith = <Args extends unknown[]>(
  status: ErrorStatus,
  code: string,
  message: (...args: Args) => string,
) => Object.assign((...args: Args) => new AppError({ status, code, message: message(...args) }), { status, code })
