import { GitError } from './types.ts'

/** Throws `GitError` for what is not the answer of a Git server, and lets go of its body. */
export const checkAnswer = async (response: Response, contentType: string): Promise<void> => {
  const failure = findFault(response, contentType)
  if (!failure) return
  await response.body?.cancel().catch(() => undefined)
  throw failure
}

const findFault = ({ status, headers }: Response, contentType: string): GitError | undefined => {
  if (status === 401 || status === 403) {
    return new GitError('needs_login', 'The repository does not exist or is not public: the server asks for a login.')
  }
  if (status === 404 || status === 410)
    return new GitError('not_found', 'The server has no repository at this address.')
  if (status === 429) return new GitError('busy', 'The Git server wants fewer requests. Try again later.')
  if (status !== 200) return new GitError('protocol', `The Git server answered with status ${status}.`)
  const given = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  return given === contentType ? undefined : new GitError('not_git', 'There is no Git repository at this address.')
}
