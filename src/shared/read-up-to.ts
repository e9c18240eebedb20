/** At most so many bytes of a body. What is beyond them is not read: the connection is closed. */
export const readUpTo = async (
  { body }: Response,
  maxBytes: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; isCut: boolean }> => {
  const pieces: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels the body.
  for await (const piece of body ?? []) {
    pieces.push(piece)
    size += piece.byteLength
    if (size > maxBytes) break
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces, Math.min(size, maxBytes))), isCut: size > maxBytes }
}
