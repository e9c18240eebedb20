import { damagedAnswer } from './git-failure.ts'
import { FLUSH, packetText, toPacket } from './packets.ts'
import type { Pause } from './pause.ts'
import { GitError } from './types.ts'

const MAX_REFS = 50_000
const SERVICE = '# service=git-upload-pack'
const PEELED = '^{}'
const REF = /^([0-9a-f]{40}) ([^\0\n]+)(?:\0([^\n]*))?\n?$/

/** What a Git server says first. */
export interface RefList {
  capabilities: string
  /** Object names by full name: HEAD, branches and tags; what else a host keeps, such as merge requests, is left out. */
  refs: ReadonlyMap<string, string>
}

/** Reads the list of a Git server, of which there may be megabytes. Throws `GitError`, or the signal's reason. */
export const readRefList = async (packets: AsyncIterable<Buffer>, pause: Pause): Promise<RefList> => {
  const refs = new Map<string, string>()
  let capabilities: string | undefined
  for await (const packet of packets) {
    await pause()
    const text = packetText(packet)
    if (text === '' || text.trimEnd() === SERVICE) continue
    const [, oid, name, given] = REF.exec(text) ?? []
    if (oid === undefined || name === undefined) throw damagedAnswer()
    capabilities ??= given ?? ''
    if (isUseful(name)) refs.set(name, oid)
    if (refs.size > MAX_REFS) throw new GitError('too_large', 'The repository has too many branches and tags.')
  }
  return { capabilities: capabilities ?? '', refs }
}

/** Not what an annotated tag leads to, nor `capabilities^{}`, which stands for nothing. */
const isUseful = (name: string): boolean =>
  name === 'HEAD' || (/^refs\/(?:heads|tags)\//.test(name) && !name.endsWith(PEELED))

/** The branch that HEAD is, by its full name. */
export const findHead = ({ capabilities, refs }: RefList): string | undefined => {
  const named = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities)?.[1]
  if (named !== undefined) return named
  // Some servers do not tell.
  const head = refs.get('HEAD')
  for (const [name, oid] of refs) if (oid === head && name.startsWith('refs/heads/')) return name
  return undefined
}

/** A list of one ref, as the server would have sent it. */
export const toShortList = ({ capabilities, refs }: RefList, name: string): Buffer =>
  Buffer.concat([toPacket(`${SERVICE}\n`), FLUSH, toPacket(`${refs.get(name)} ${name}\0${capabilities}\n`), FLUSH])
