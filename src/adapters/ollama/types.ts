import type { JsonObject } from '../../shared/json-fields.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'

/** One line of a pull, as far as it is known. A line without `digest` is a step of the whole. */
export interface PullStep {
  /** Ollama's own words, e.g. `pulling dde5aa3fc5ff`; at most 200 characters. */
  status: string
  /** The layer that `total` and `completed` (bytes) are about. */
  digest: string | undefined
  total: number | undefined
  completed: number | undefined
  /** The last line of a pull that went well. */
  isLast: boolean
}

export interface PullRequest {
  server: ServerAccess
  /** As its user spells it, e.g. `llama3.2:1b` or `hf.co/owner/model:Q4_K_M`. */
  name: string
  /** Longest silence between two pieces of the stream. */
  idleTimeoutMs: number
  signal: AbortSignal
}

/**
 * Management of the models of an Ollama server (Ollama's docs/api.md). The key, when there is one, goes as a bearer
 * token. Answers are bounded (lists 4 MiB, lines 1 MiB). Throws only `UpstreamError`.
 */
export interface Ollama {
  /** What `GET /api/version` says: `unknown` when it says nothing, null when it says null. */
  readVersion(server: ServerAccess, signal: AbortSignal): Promise<string | null>
  /** The entries of `GET /api/tags`, untouched. */
  listModels(server: ServerAccess, signal: AbortSignal): Promise<JsonObject[]>
  /** Whether `POST /api/show` knows the model, which also resolves names that the list spells otherwise. */
  hasModel(server: ServerAccess, name: string, signal: AbortSignal): Promise<boolean>
  /** Returns what the server says to it: JSON, or text. */
  deleteModel(server: ServerAccess, name: string, signal: AbortSignal): Promise<unknown>
  /** Resolves when the server has taken the request; the steps come as it works. An early end just ends them. */
  pullModel(request: PullRequest): Promise<AsyncIterable<PullStep>>
}
