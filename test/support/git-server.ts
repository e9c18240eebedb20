import { join } from 'node:path'

/** True when this machine has git with its HTTP server. */
export const hasGit =
  Bun.spawnSync(['sh', '-c', 'test -x "$(git --exec-path)/git-http-backend"'], { stderr: 'ignore' }).exitCode === 0

const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']

/** Runs git in `folder`, unaffected by this machine's configuration. */
export const git = async (folder: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const child = Bun.spawn(['git', ...identity, ...args], { cwd: folder, env, stdout: 'pipe', stderr: 'pipe' })
  const [output, problems] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) throw new Error(`git ${args.join(' ')}: ${problems}`)
  return output.trim()
}

/** Makes a repository with one commit of these files on `main`. */
export const makeRepository = async (folder: string, files: Record<string, string | Uint8Array>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) await Bun.write(join(folder, path), content)
  await git(folder, 'init', '-q', '-b', 'main')
  await commitAll(folder, 'first')
}

/** Commits what lies in the folder. */
export const commitAll = async (folder: string, message: string): Promise<void> => {
  await git(folder, 'add', '-A')
  await git(folder, 'commit', '-q', '--allow-empty', '-m', message)
}

export interface GitServer {
  /** `http://127.0.0.1:port`; repositories are below it by the name of their folder. */
  url: string
  /** `host:port`, for the list of private hosts. */
  host: string
  /** Method, path and query of what was asked. */
  requests: string[]
}

/** The real Git server over the repositories in `root`, until the end of the block. */
export const gitServer = (root: string): GitServer & AsyncDisposable => {
  const requests: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      requests.push(`${request.method} ${pathname}${search}`)
      return await runBackend(root, request)
    },
  })
  const host = `127.0.0.1:${server.port}`
  return { url: `http://${host}`, host, requests, [Symbol.asyncDispose]: () => server.stop(true) }
}

// The Common Gateway Interface: the request in the environment, its body on stdin, headers and body on stdout.
const runBackend = async (root: string, request: Request): Promise<Response> => {
  const url = new URL(request.url)
  const body = new Uint8Array(await request.arrayBuffer())
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers.get('content-type') ?? '',
    CONTENT_LENGTH: String(body.byteLength),
    HTTP_CONTENT_ENCODING: request.headers.get('content-encoding') ?? '',
    GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
  }
  const backend = Bun.spawn(['git', 'http-backend'], { env, stdin: body, stdout: 'pipe', stderr: 'ignore' })
  const output = Buffer.from(await backend.stdout.bytes())
  const split = output.indexOf('\r\n\r\n')
  const headers = new Headers()
  for (const line of output.toString('latin1', 0, split).split('\r\n')) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  const status = Number.parseInt(headers.get('status') ?? '200', 10)
  headers.delete('status')
  return new Response(output.subarray(split + 4), { status, headers })
}
