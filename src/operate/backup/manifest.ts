import { createHash } from 'node:crypto'
import { closeSync, lstatSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { flushPath } from '../../shared/flush-path.ts'
import type { Manifest } from './backup-types.ts'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Shape = Type.Object({
  format: Type.Literal(1),
  createdAt: Type.String(),
  version: Type.String(),
  schema: Type.Union([Type.String(), Type.Null()]),
  parts: Type.Record(
    Type.String({ pattern: '^[a-z]+\\.[a-z]+$' }),
    Type.Object({ bytes: Type.Integer({ minimum: 0 }), sha256: Sha256 }),
    { additionalProperties: false },
  ),
  contents: Type.Array(Sha256),
  missingContents: Type.Array(Sha256),
  danglingRows: Type.Integer({ minimum: 0 }),
})

const manifestName = 'manifest.json'
/** Enough for a hundred thousand plugins. */
const maxBytes = 8 * 1024 * 1024

const checksumOf = (manifest: Manifest): string => createHash('sha256').update(JSON.stringify(manifest)).digest('hex')

export const writeManifest = (folder: string, manifest: Manifest): void => {
  const path = join(folder, manifestName)
  closeSync(openSync(path, 'wx', 0o600))
  writeFileSync(path, `${JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }, null, 2)}\n`)
  flushPath(path)
}

/** Undefined when it is absent, damaged or of another format. */
export const readManifest = (folder: string): Manifest | undefined => {
  try {
    const path = join(folder, manifestName)
    const found = lstatSync(path)
    // A pipe would be read for ever.
    if (!found.isFile() || found.size > maxBytes) return undefined
    const { checksum, ...manifest } = JSON.parse(readFileSync(path, 'utf8')) as Manifest & { checksum: unknown }
    return Value.Check(Shape, manifest) && checksum === checksumOf(manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}
