import { addRemote, fetch as fetchObjects, init, listServerRefs, type ServerRef } from 'isomorphic-git'
import { isSchemeAllowed } from '../../shared/plain-http.ts'
import { rejectOnAbort } from '../../shared/reject-on-abort.ts'
import type { GuardedFetch } from '../web/types.ts'
import { chooseRef } from './choose-ref.ts'
import { toGitFailure } from './git-failure.ts'
import { openGitHttp, type GitHttp, type GitHttpOptions } from './git-http.ts'
import { createMemoryFs } from './memory-fs.ts'
import { checkPack } from './pack-check.ts'
import { createPause } from './pause.ts'
import { writeCommit, type Repository } from './repository-files.ts'
import { GitError, type CheckedOut, type CheckOutRequest, type GitSource } from './types.ts'

export interface GitSourceOptions {
  /** Asked with the policy `public`, which also lets it reach the private hosts. */
  fetch: GuardedFetch
  /** `host:port` entries where plain http is allowed. */
  privateHosts?: ReadonlySet<string>
}

/** Files that are passed over have objects as well; no package has so many. */
const MAX_OBJECTS = 50_000

/** Makes what checks repositories out. */
export const createGitSource = ({ fetch, privateHosts = new Set() }: GitSourceOptions): GitSource => ({
  checkOut: async (request) => {
    const url = parseUrl(request.url, privateHosts)
    const { timeMs, idleMs, receivedBytes: maxReceivedBytes } = request.limits
    const deadline = AbortSignal.timeout(timeMs)
    const signal = AbortSignal.any(request.signal ? [request.signal, deadline] : [deadline])
    const options = { fetch, maxReceivedBytes, idleMs, signal, onProgress: request.onProgress }
    try {
      return await run(url, { ...request, signal }, options)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (deadline.aborted)
        throw new GitError('timeout', `The repository was not read within ${timeMs / 1000} seconds.`)
      throw toGitFailure(error)
    }
  },
})

const parseUrl = (text: string, privateHosts: ReadonlySet<string>): string => {
  const url = URL.parse(text.trim())
  if (!url) throw new GitError('bad_url', 'The address of the repository is not valid.')
  if (url.username !== '' || url.password !== '') {
    throw new GitError('bad_url', 'The address of the repository must not have a user name or password in it.')
  }
  if (!isSchemeAllowed(url, privateHosts)) {
    throw new GitError('bad_url', 'The address of the repository must begin with https://.')
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

type RunRequest = CheckOutRequest & { signal: AbortSignal }

const run = async (url: string, request: RunRequest, options: GitHttpOptions): Promise<CheckedOut> => {
  // What goes on inside the library cannot be stopped everywhere. It holds nothing but memory, so it may be left behind;
  // what writes files may not.
  const { ref, repository, oid } = await rejectOnAbort(receive(url, request, options), request.signal)
  return { ref, ...(await writeCommit(repository, oid, request)) }
}

const receive = async (url: string, request: RunRequest, options: GitHttpOptions) => {
  const http = await openAnySpelling(url, options)
  try {
    const refs = await listServerRefs({ http, url, protocolVersion: 1, symrefs: true })
    if (refs.length === 0) throw new GitError('empty', 'The repository is empty.')
    const { name, fullName } = chooseRef(request.version, new Set(refs.map((one) => one.ref)), findHead(refs))
    return { ref: name, ...(await fetchRef(http, url, fullName, request)) }
  } catch (error) {
    throw http.failure() ?? error
  }
}

// Hosts know a repository by both names; a bare folder behind a web server only by its own.
const openAnySpelling = async (url: string, options: GitHttpOptions): Promise<GitHttp> => {
  try {
    return await openGitHttp(url, options)
  } catch (error) {
    if (!(error instanceof GitError) || error.reason !== 'not_found' || url.endsWith('.git')) throw error
    return await openGitHttp(`${url}.git`, options)
  }
}

const findHead = (refs: ServerRef[]): string | undefined => {
  const head = refs.find(({ ref }) => ref === 'HEAD')
  // Some servers do not tell which branch HEAD is.
  return head && (head.target ?? refs.find(({ ref, oid }) => ref.startsWith('refs/heads/') && oid === head.oid)?.ref)
}

const fetchRef = async (http: GitHttp, url: string, remoteRef: string, { limits, signal }: RunRequest) => {
  const packLimits = { objects: MAX_OBJECTS, objectBytes: limits.fileBytes, totalBytes: limits.totalBytes }
  const pause = createPause(signal)
  const checkWrite = async (path: string, content: Uint8Array) => {
    if (path.endsWith('.pack')) await checkPack(content, packLimits, pause)
  }
  const fs = createMemoryFs(checkWrite, pause)
  const repository: Repository = { fs, gitdir: '/repository', cache: {} }
  await init({ ...repository, bare: true, defaultBranch: 'main' })
  await addRemote({ ...repository, remote: 'origin', url })
  const wanted = { ref: 'main', remoteRef, remote: 'origin', depth: 1, singleBranch: true, tags: false }
  // The library awaits its reports of progress, which come about once for each percent.
  const { fetchHead } = await fetchObjects({ ...repository, ...wanted, http, url, onProgress: pause })
  if (fetchHead === null) throw new GitError('empty', 'The repository is empty.')
  return { repository, oid: fetchHead }
}
