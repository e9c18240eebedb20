import { damagedAnswer } from './git-failure.ts'

const LENGTH_CHARS = 4
const PACK_BAND = 1
const PROGRESS_BAND = 2

/** What is no pack is a few lines, since history is not asked for. */
const MAX_CONTROL_BYTES = 65_536

/**
 * Takes the pack out of the answer of a Git server: `onPack` gets its pieces as they come, what is left is the answer
 * without it. So the Git library, which would hold the pack in memory several times, sees an empty one. Throws `GitError`.
 */
export async function* divertPack(
  body: AsyncIterable<Uint8Array>,
  onPack: (piece: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let controlBytes = 0
  for await (const packet of splitPackets(body)) {
    const band = packet[LENGTH_CHARS]
    if (band === PACK_BAND) await onPack(packet.subarray(LENGTH_CHARS + 1))
    else if (band !== PROGRESS_BAND) {
      controlBytes += packet.length
      if (controlBytes > MAX_CONTROL_BYTES) throw damagedAnswer()
      yield packet
    }
  }
}

export const FLUSH: Buffer = Buffer.from('0000')

export const toPacket = (text: string): Buffer => {
  const content = Buffer.from(text)
  const length = (content.length + LENGTH_CHARS).toString(16).padStart(LENGTH_CHARS, '0')
  return Buffer.concat([Buffer.from(length), content])
}

/** What is in a packet; nothing in one that is a mark. */
export const packetText = (packet: Buffer): string => packet.toString('utf8', LENGTH_CHARS)

/** The packets of a stream, each with its length in front. Throws `GitError`. */
export async function* splitPackets(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let neededBytes = LENGTH_CHARS
  for await (const piece of body) {
    held.push(piece)
    heldBytes += piece.byteLength
    if (heldBytes < neededBytes) continue
    let rest = Buffer.concat(held)
    neededBytes = packetBytes(rest)
    while (rest.length >= neededBytes) {
      yield rest.subarray(0, neededBytes)
      rest = rest.subarray(neededBytes)
      neededBytes = packetBytes(rest)
    }
    held = [rest]
    heldBytes = rest.length
  }
  if (heldBytes > 0) throw damagedAnswer()
}

/** How many bytes must be there to go on: those of the packet that begins here, or of its length. */
const packetBytes = (bytes: Buffer): number => {
  if (bytes.length < LENGTH_CHARS) return LENGTH_CHARS
  const digits = bytes.toString('latin1', 0, LENGTH_CHARS)
  const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : 3
  if (length === 3) throw damagedAnswer()
  // 0 to 2 are marks without a content.
  return Math.max(length, LENGTH_CHARS)
}
