import { Command } from 'commander'
import type { Config } from '../config.ts'
import { CommandError, print } from './output.ts'
import { configOf, withServerOptions } from './settings.ts'

const waitMs = 5_000
const anyAddress = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/** Where a server with these settings answers on this machine. */
const addressOf = ({ host, port, tlsCertFile }: Config): string => {
  const own = anyAddress.get(host) ?? host
  return `${tlsCertFile ? 'https' : 'http'}://${own.includes(':') ? `[${own}]` : own}:${port}/health/ready`
}

// Not the guarded fetch: it asks this very server, whose certificate names another host.
const ask = async (url: string): Promise<Response> => {
  const options = { signal: AbortSignal.timeout(waitMs), proxy: false, tls: { rejectUnauthorized: false } }
  try {
    return await fetch(url, options as unknown as RequestInit)
  } catch (error) {
    throw new CommandError(`No answer from ${url}: ${(error as Error).message}`)
  }
}

const healthcheck = async (flags: object) => {
  const url = addressOf(configOf(flags))
  const answer = await ask(url)
  const text = (await answer.text()).slice(0, 1000)
  if (!answer.ok) throw new CommandError(`${url} answered with status ${answer.status}: ${text}`)
  print(text)
}

/** For containers and supervisors. */
export const healthcheckCommand = () =>
  withServerOptions(new Command('healthcheck'))
    .description('ask the server on this machine whether it is ready; exit code 1 if not')
    .action(healthcheck)
