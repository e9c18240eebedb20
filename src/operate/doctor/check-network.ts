import type { GuardedFetch } from '../../adapters/web/types.ts'
import { listUserServers, type UserServerDeps } from '../../areas/ai/user-servers.service.ts'
import { type Config, configFields } from '../../config.ts'
import { isDataDirLocked } from '../../data-dir.ts'
import { forEachConcurrent } from '../../shared/for-each-concurrent.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const askMs = 3000
const atOnce = 16
/** More than a household has. Each one takes some seconds at most. */
const maxAskedServers = 500

const listenFailure = ({ host, port }: Config): string | undefined => {
  try {
    Bun.listen({ hostname: host, port, exclusive: true, socket: { data() {} } }).stop(true)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? 'failed'
  }
}

const portAdvice: Record<string, string> = {
  EADDRINUSE: 'Stop the other program (ss -ltnp shows it), or choose another port with PORT.',
  EACCES: 'Ports below 1024 need the right to them: choose a higher one, or see "braindrive systemd".',
  EADDRNOTAVAIL: 'HOST must be an address of this machine; 0.0.0.0 stands for all.',
}

/** Whether anything accepts connections there. */
const hasListener = async ({ host, port }: Config): Promise<boolean> => {
  const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  try {
    const socket = await Bun.connect({ hostname: own, port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}

/** Beside a server that runs, its port; otherwise whether one could listen. */
export const checkPort = async (config: Config, dataPath: string): Promise<Finding[]> => {
  const place = `${config.host}:${config.port}`
  if (isDataDirLocked(dataPath)) {
    if (config.port === 0 || (await hasListener(config)))
      return [ok('server', `A server runs, and listens on ${place}`)]
    const advice = 'Name the port that it was started with; if that is this one, it hangs: start it again.'
    return [warning('server', `A server has locked the data folder, but nothing listens on ${place}`, advice)]
  }
  const code = config.port === 0 ? undefined : listenFailure(config)
  if (code === undefined) return [ok('port', `No server runs; ${place} is free`)]
  return [problem('port', `A server cannot listen on ${place} (${code})`, portAdvice[code] ?? 'See HOST and PORT.')]
}

/** Any answer will do: without a key most refuse, and no key is sent along. Names of kinds of failures hold no secret. */
const findFailure = async (fetch: GuardedFetch, url: string): Promise<string | undefined> => {
  try {
    const answer = await fetch(url, 'provider', { idleTimeoutMs: askMs, signal: AbortSignal.timeout(2 * askMs) })
    await answer.body?.cancel()
    return undefined
  } catch (error) {
    const kind = error instanceof UpstreamError ? error.kind : 'unreachable'
    // A redirect, or something that is no HTTP: somebody is there.
    return kind === 'status' || kind === 'protocol' ? undefined : kind
  }
}

const providerFields = [
  ['openaiBaseUrl', 'openaiApiKey'],
  ['openrouterBaseUrl', 'openrouterApiKey'],
  ['anthropicBaseUrl', 'anthropicApiKey'],
  ['groqBaseUrl', 'groqApiKey'],
  ['searxngUrl', undefined],
] as const

/** Those that somebody has named, or has a key for. */
const listConfigured = (config: Config) =>
  providerFields
    .filter(
      ([address, key]) => config[address] !== configFields[address].fallback || (key && config[key] !== undefined),
    )
    .map(([address]) => ({ name: configFields[address].names[0], url: config[address] }))

export const checkProviders = async (config: Config, fetch: GuardedFetch): Promise<Finding[]> => {
  const findings: Finding[] = []
  await forEachConcurrent(listConfigured(config), atOnce, async ({ name, url }) => {
    const failure = await findFailure(fetch, url)
    const advice = `See that it runs, and that ${name} is its address.`
    findings.push(
      failure
        ? problem('providers', `${name} does not answer (${failure})`, advice)
        : ok('providers', `${name} answers`),
    )
  })
  return findings
}

/** Counted only: the addresses are nobody's business but their users'. */
export const checkUserServers = async (deps: UserServerDeps, fetch: GuardedFetch): Promise<Finding[]> => {
  const urls = listUserServers(deps).slice(0, maxAskedServers)
  let silent = 0
  await forEachConcurrent(urls, atOnce, async (url) => {
    if (await findFailure(fetch, url)) silent++
  })
  if (silent === 0)
    return urls.length === 0 ? [] : [ok('users’ providers', `All ${urls.length} servers in settings answer`)]
  return [
    problem(
      'users’ providers',
      `${silent} of ${urls.length} model servers in users’ settings do not answer`,
      'Their users see which at GET /api/v1/ai/providers/all-models, or in the settings of the web client.',
    ),
  ]
}
