import type { Lookup } from '../../src/adapters/web/resolve-target.ts'

/** A resolver that knows only these names; one in `later` changes its answer after the first time. */
export const dnsAnswers = (names: Record<string, string[]>, later: Record<string, string[]> = {}) => {
  const asked: string[] = []
  const lookup: Lookup = async (hostname) => {
    const answer = asked.includes(hostname) ? (later[hostname] ?? names[hostname]) : names[hostname]
    asked.push(hostname)
    if (!answer) throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    return answer
  }
  return { lookup, asked }
}
