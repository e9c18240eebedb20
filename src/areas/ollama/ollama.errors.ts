import { AppError, defineError, defineErrorWith, type ErrorStatus } from '../../shared/app-error.ts'

export const invalidServerUrl = defineError(
  400,
  'ollama.invalid_url',
  'Invalid server URL. Must start with http:// or https://',
)
export const urlWithCredentials = defineError(
  400,
  'ollama.url_with_credentials',
  'A server URL with a user name or password is not allowed',
)
export const tooManyCalls = defineError(
  429,
  'ollama.too_many_calls',
  'Too many of your requests to Ollama servers are under way',
)
export const addressRefused = defineErrorWith(400, 'ollama.address_refused', (text: string) => text)
export const modelNameRequired = defineError(400, 'ollama.model_name_required', 'model_name is required')
export const taskNotFound = defineError(404, 'ollama.task_not_found', 'Task not found')
export const timedOut = defineError(504, 'ollama.timeout', 'Connection timed out. Server might be down or unreachable.')
export const notConnected = defineError(
  503,
  'ollama.unreachable',
  'Could not connect to server. Please check if the server is running.',
)
export const requestFailed = defineErrorWith(
  503,
  'ollama.request_failed',
  (text: string) => `Error connecting to Ollama server: ${text}`,
)
export const unexpectedAnswer = defineErrorWith(
  502,
  'ollama.unexpected_answer',
  (text: string) => `Unexpected error: ${text}`,
)

/** Not 401 and 403, which would make clients refresh their token (work.md 6, row 20), and no redirects. */
const passedOn = new Set<number>([400, 404, 405, 409, 413, 415, 422, 429, 500, 501, 502, 503, 504])

export const serverStatus = Object.assign(
  (status: number) =>
    new AppError({
      status: passedOn.has(status) ? (status as ErrorStatus) : serverStatus.status,
      code: serverStatus.code,
      message: `Server returned status code ${status}`,
    }),
  { status: 502 as const, code: 'ollama.server_status' },
)
