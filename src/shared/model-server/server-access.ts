/** Where a model server is, and what opens it. */
export interface ServerAccess {
  /** Absolute http(s) URL without a trailing slash, e.g. `http://localhost:11434`. */
  baseUrl: string
  apiKey: string | undefined
}
