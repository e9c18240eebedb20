import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSchemeAllowed } from '../../shared/plain-http.ts'
import { rejectOnAbort } from '../../shared/reject-on-abort.ts'
import { createSemaphore, type Semaphore } from '../../shared/semaphore.ts'
import type { GuardedFetch } from '../web/types.ts'
import { chooseRef } from './choose-ref.ts'
import { toGitFailure } from './git-failure.ts'
import { askGitServer, type GitHttp, type GitHttpOptions, type GitServer } from './git-http.ts'
import { createMemoryFs } from './memory-fs.ts'
import { createObjectStore } from './object-store.ts'
import { createPackFile } from './pack-file.ts'
import { createPause, type Pause } from './pause.ts'
import { writeCommit } from './repository-files.ts'
import { GitError, type CheckOutRequest, type GitLimits, type GitSource } from './types.ts'
import { type PackLimits, unpackPack } from './unpack-pack.ts'

export interface GitSourceOptions {
  /** Asked with the policy `public`, which also lets it reach the private hosts. */
  fetch: GuardedFetch
  /** `host:port` entries where plain http is allowed. */
  privateHosts?: ReadonlySet<string>
}

/** Files that are passed over have objects as well; no package has so many. */
const MAX_OBJECTS = 50_000

/** Unpacking takes some 50 MB of memory; receiving takes none. */
const UNPACKING_AT_ONCE = 1
const MAX_WAITING = 32

const tooBusy = () => new GitError('busy', 'The server is busy with other repositories. Try again in a minute.')

/** Makes what checks repositories out. */
export const createGitSource = ({ fetch, privateHosts = new Set() }: GitSourceOptions): GitSource => {
  const unpacking = createSemaphore(UNPACKING_AT_ONCE, MAX_WAITING, tooBusy)
  return {
    checkOut: async (request) => {
      const url = parseUrl(request.url, privateHosts)
      const { timeMs } = request.limits
      const deadline = AbortSignal.timeout(timeMs)
      const signal = AbortSignal.any(request.signal ? [request.signal, deadline] : [deadline])
      try {
        return await run(url, { ...request, signal }, fetch, unpacking)
      } catch (error) {
        request.signal?.throwIfAborted()
        if (deadline.aborted)
          throw new GitError('timeout', `The repository was not read within ${timeMs / 1000} seconds.`)
        throw toGitFailure(error)
      }
    },
  }
}

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

const run = async (url: string, request: RunRequest, fetch: GuardedFetch, unpacking: Semaphore) => {
  const { into, limits, signal } = request
  const pause = createPause(signal)
  await using scratch = await makeScratch(`${into}.git`)
  await using pack = await createPackFile(join(scratch.path, 'pack'))
  // What goes on inside the library cannot be stopped everywhere. It holds nothing but memory and the pack, so it may be
  // left behind; what writes files may not.
  const { ref, oid } = await rejectOnAbort(
    receive(url, request, { fetch, request, pause, onPack: pack.append }),
    signal,
  )
  const unpack = async () => {
    await using store = await createObjectStore(join(scratch.path, 'objects'), pause)
    await unpackPack({ pack, store, limits: toPackLimits(limits), pause })
    return { ref, ...(await writeCommit({ store, pause }, oid, request)) }
  }
  return await unpacking.run(unpack, signal)
}

const makeScratch = async (path: string) => {
  await mkdir(path, { mode: 0o700 })
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const toPackLimits = ({ fileBytes, totalBytes, ratio }: GitLimits): PackLimits => ({
  objects: MAX_OBJECTS,
  objectBytes: fileBytes,
  totalBytes,
  ratio,
})

const receive = async (url: string, request: RunRequest, options: GitHttpOptions) => {
  const { refs, openHttp } = await askAnySpelling(url, options)
  if (refs.refs.size === 0) throw new GitError('empty', 'The repository is empty.')
  const { name, fullName } = await chooseRef(request.version, refs, options.pause)
  const http = openHttp(fullName)
  try {
    const oid = await fetchRef(http, url, fullName, options.pause)
    // The library knows nothing of the pack, so it does not miss the rest of one.
    const failure = http.failure()
    if (failure !== undefined) throw failure
    return { ref: name, oid }
  } catch (error) {
    throw http.failure() ?? error
  }
}

// Hosts know a repository by both names; a bare folder behind a web server only by its own.
const askAnySpelling = async (url: string, options: GitHttpOptions): Promise<GitServer> => {
  try {
    return await askGitServer(url, options)
  } catch (error) {
    if (!(error instanceof GitError) || error.reason !== 'not_found' || url.endsWith('.git')) throw error
    return await askGitServer(`${url}.git`, options)
  }
}

/** Has the library ask for the objects of a ref; the pack goes to its file on the way. */
const fetchRef = async (http: GitHttp, url: string, remoteRef: string, pause: Pause): Promise<string> => {
  // Loaded with the first repository: a server that checks none out need not hold it.
  const { addRemote, fetch: fetchObjects, init } = await import('isomorphic-git')
  const repository = { fs: createMemoryFs(pause), gitdir: '/repository' }
  await init({ ...repository, bare: true, defaultBranch: 'main' })
  await addRemote({ ...repository, remote: 'origin', url })
  const wanted = { ref: 'main', remoteRef, remote: 'origin', depth: 1, singleBranch: true, tags: false }
  const { fetchHead } = await fetchObjects({ ...repository, ...wanted, http, url })
  if (fetchHead === null) throw new GitError('empty', 'The repository is empty.')
  return fetchHead
}
